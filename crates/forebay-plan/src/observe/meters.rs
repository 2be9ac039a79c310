//! What is measured of capturing.

use crate::metrics::{NOT_CAPTURED, SLOW, STATEMENTS};
use forebay_metrics::Meter;
use metrics::{Counter, Gauge};

pub(super) struct CaptureMeters {
    pub(super) statements: Gauge,
    pub(super) full: Counter,
    pub(super) long: Counter,
    pub(super) slow: Counter,
}

impl CaptureMeters {
    pub(super) fn new(meter: &Meter) -> Self {
        meter.describe(&[STATEMENTS, NOT_CAPTURED, SLOW]);
        Self {
            statements: meter.gauge(&STATEMENTS, &[]),
            full: meter.counter(&NOT_CAPTURED, &["full"]),
            long: meter.counter(&NOT_CAPTURED, &["long"]),
            slow: meter.counter(&SLOW, &[]),
        }
    }
}
