use crate::metrics::{ITEM_STREAMS, ITEMS};
use ::metrics::Counter;
use forebay_metrics::Meter;
use std::{fmt, sync::Arc};

/// Counts the items of streaming bodies, and how the bodies end: made once for each kind of stream, given to each body by
/// [`Items::measured`](crate::Items::measured). Cloning is one reference count.
#[derive(Clone)]
pub struct ItemsMeter(Arc<Handles>);

struct Handles {
    items: Counter,
    ends: [Counter; ENDS.len()],
}

const ENDS: [&str; 3] = ["whole", "error", "dropped"];

impl ItemsMeter {
    /// `stream` names the kind of stream, and is a label: one of few, never something a client chose.
    #[must_use]
    pub fn new(meter: &Meter, stream: &str) -> Self {
        meter.describe(&[ITEMS, ITEM_STREAMS]);
        let ends = ENDS.map(|end| meter.counter(&ITEM_STREAMS, &[stream, end]));
        Self(Arc::new(Handles { items: meter.counter(&ITEMS, &[stream]), ends }))
    }
}

impl fmt::Debug for ItemsMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ItemsMeter")
    }
}

/// What one body is counted by, until it has ended.
#[derive(Debug, Default)]
pub(super) struct Counting(Option<ItemsMeter>);

impl Counting {
    pub(super) fn by(meter: &ItemsMeter) -> Self {
        Self(Some(meter.clone()))
    }

    pub(super) fn item(&self) {
        if let Some(ItemsMeter(handles)) = &self.0 {
            handles.items.increment(1);
        }
    }

    pub(super) fn whole(&mut self) {
        self.ended(0);
    }

    pub(super) fn failed(&mut self) {
        self.ended(1);
    }

    fn ended(&mut self, end: usize) {
        if let Some(ItemsMeter(handles)) = self.0.take() {
            handles.ends[end].increment(1);
        }
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.ended(2);
    }
}
