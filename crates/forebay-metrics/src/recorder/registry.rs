use super::{counter, histogram, total::Total, view::Moment};
use crate::overflow::{OVERFLOW, REFUSED};
use metrics::{CounterFn as _, Key, SharedString, Unit};
use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicU64},
};

/// Every series of a recorder, and what is known about the metrics.
#[derive(Debug)]
pub(super) struct Registry {
    series_max: usize,
    /// Series that count against the bound: not the recorder's own and not those for the overflow.
    kept: usize,
    pub(super) counters: HashMap<Key, counter::Series>,
    pub(super) gauges: HashMap<Key, Arc<AtomicU64>>,
    pub(super) histograms: HashMap<Key, Arc<histogram::Series>>,
    /// Unit and help by name; no more than series.
    descriptions: HashMap<String, (Option<Unit>, SharedString)>,
    refused: Arc<Total>,
}

impl Registry {
    pub(super) fn new(series_max: usize, moment: Moment) -> Self {
        let mut registry = Self {
            series_max,
            kept: 0,
            counters: HashMap::new(),
            gauges: HashMap::new(),
            histograms: HashMap::new(),
            descriptions: HashMap::new(),
            refused: Arc::default(),
        };
        let refused = counter::Series::new(moment);
        registry.refused = Arc::clone(&refused.total);
        registry.counters.insert(Key::from_static_name(REFUSED.name), refused);
        registry.describe(REFUSED.name, Some(REFUSED.unit), REFUSED.help.into());
        registry
    }

    pub(super) fn describe(&mut self, name: &str, unit: Option<Unit>, help: SharedString) {
        if self.descriptions.len() <= self.series_max || self.descriptions.contains_key(name) {
            self.descriptions.insert(name.to_owned(), (unit, help));
        }
    }

    pub(super) fn described(&self, name: &str) -> (Option<&'static str>, Option<String>) {
        match self.descriptions.get(name) {
            Some((unit, help)) => (unit.map(|unit| unit.as_str()), Some(help.clone().into_owned())),
            None => (None, None),
        }
    }

    pub(super) fn counter(&mut self, key: &Key, moment: Moment) -> Arc<Total> {
        let key = if self.counters.contains_key(key) { key.clone() } else { self.admit(key) };
        Arc::clone(&self.counters.entry(key).or_insert_with(|| counter::Series::new(moment)).total)
    }

    pub(super) fn gauge(&mut self, key: &Key) -> Arc<AtomicU64> {
        let key = if self.gauges.contains_key(key) { key.clone() } else { self.admit(key) };
        Arc::clone(self.gauges.entry(key).or_default())
    }

    pub(super) fn histogram(&mut self, key: &Key, moment: Moment) -> Arc<histogram::Series> {
        let key = if self.histograms.contains_key(key) { key.clone() } else { self.admit(key) };
        Arc::clone(self.histograms.entry(key).or_insert_with(|| Arc::new(histogram::Series::new(moment.now))))
    }

    /// Moves every series from step `from` to step `to`.
    pub(super) fn advance(&mut self, from: u64, to: u64) {
        self.counters.values_mut().for_each(|series| series.advance(from, to));
        self.histograms.values().for_each(|series| series.advance(from, to));
    }

    /// The key under which a new series is kept.
    fn admit(&mut self, key: &Key) -> Key {
        if self.kept == self.series_max {
            self.refused.increment(1);
            return OVERFLOW;
        }
        self.kept += 1;
        // Labels may be borrowed from something that is rebuilt each time; the kept form shares them.
        key.to_retained()
    }
}
