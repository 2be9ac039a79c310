use crate::metrics::{FIELDS, FIELDS_READ_BYTES, FIELDS_SENT_BYTES};
use ::metrics::Counter;
use forebay_metrics::Meter;
use std::fmt;

/// What came of a request with a mask.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    Selected,
    /// A bad mask.
    Refused,
    /// The response is no JSON.
    Malformed,
    /// It has none to select from.
    Passed,
}

const OUTCOMES: [&str; 4] = ["selected", "refused", "malformed", "passed"];

/// The handles, registered once per layer.
#[derive(Clone)]
pub(crate) struct FieldsWatch {
    outcomes: [Counter; OUTCOMES.len()],
    read: Counter,
    sent: Counter,
}

impl FieldsWatch {
    pub(crate) fn new(meter: &Meter) -> Self {
        meter.describe(&[FIELDS, FIELDS_READ_BYTES, FIELDS_SENT_BYTES]);
        Self {
            outcomes: OUTCOMES.map(|outcome| meter.counter(&FIELDS, &[outcome])),
            read: meter.counter(&FIELDS_READ_BYTES, &[]),
            sent: meter.counter(&FIELDS_SENT_BYTES, &[]),
        }
    }

    pub(super) fn saw(&self, outcome: Outcome) {
        self.outcomes[outcome as usize].increment(1);
    }

    /// A request whose mask cannot be read, refused before this layer was asked.
    #[cfg(feature = "cache")]
    pub(crate) fn refused(&self) {
        self.saw(Outcome::Refused);
    }

    pub(super) fn selected(&self, read: u64, sent: usize) {
        self.saw(Outcome::Selected);
        self.read.increment(read);
        self.sent.increment(sent as u64);
    }

    /// Counts a body that turns out to be no JSON while it is sent.
    pub(super) fn malformed(&self) -> Counter {
        self.outcomes[Outcome::Malformed as usize].clone()
    }
}

impl fmt::Debug for FieldsWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldsWatch")
    }
}

/// The settings of a layer, and where it measures.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) config: super::FieldsConfig,
    pub(crate) watch: FieldsWatch,
}
