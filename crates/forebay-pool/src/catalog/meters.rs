//! What is measured of the catalogue.

use crate::metrics::{CATALOG_READS, CATALOG_TRUSTED};
use forebay_metrics::Meter;
use metrics::{Counter, Gauge};

pub(super) struct CatalogMeters {
    pub(super) read: Counter,
    pub(super) failed: Counter,
    pub(super) trusted: Gauge,
}

impl CatalogMeters {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            read: meter.counter(&CATALOG_READS, &["read"]),
            failed: meter.counter(&CATALOG_READS, &["failed"]),
            trusted: meter.gauge(&CATALOG_TRUSTED, &[]),
        }
    }
}
