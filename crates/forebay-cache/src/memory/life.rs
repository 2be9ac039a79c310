use super::{floors::Floors, slide::Slide};
use crate::{
    Strength,
    clock::{Moment, NEVER, nanos},
    guards::{self, Guard},
    namespace::TagCell,
};
use forebay_scope::Tag;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

/// What decides whether an entry may be served: shared by the entry and by whoever waits for its load.
///
/// Every entry carries one, so what few entries have is apart: 104 bytes, says a test here.
#[derive(Debug)]
pub(crate) struct Life {
    /// The node's count of invalidations when the load began.
    pub(crate) loaded_at_change: u64,
    /// When the value was loaded, by this cache's clock.
    pub(crate) born: Moment,
    pub(crate) times: Times,
    pub(crate) origin: Origin,
    /// How long its loader took, in nanoseconds.
    load: u64,
    /// The cell of its first tag. Most entries that have tags have one, whose cell then takes one step to look at.
    first: Option<Arc<TagCell>>,
    /// Set when it has tags.
    tagged: Option<Box<Tagged>>,
    /// Set when it has something of what few have.
    extra: Option<Box<Extra>>,
    /// In the unit of the cache's capacity; set when the entry is stored.
    weight: AtomicU32,
    /// Set by a soft invalidation of the key itself.
    softened: AtomicBool,
}

/// The tags of an entry.
#[derive(Debug)]
struct Tagged {
    tags: Box<[Tag]>,
    /// The cells of `tags` but the first; fewer when tags share one.
    more: Box<[Arc<TagCell>]>,
}

/// What few entries have.
#[derive(Debug)]
struct Extra {
    /// From when on a look-up may refresh it while it is fresh; [`NEVER`] for not at all.
    early_from: Moment,
    /// Set when an entry that goes unread is no longer fresh.
    slide: Option<Box<Slide>>,
    /// What its loader called this version of the value.
    validator: Option<Arc<str>>,
    /// In an entry that is kept to be compared only: the times it would have been served by. A hit finds it too old.
    observed: Option<Box<Times>>,
}

impl Default for Extra {
    fn default() -> Self {
        Self { early_from: NEVER, slide: None, validator: None, observed: None }
    }
}

/// Until when an entry may be used, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// Served as it is.
    pub(crate) fresh_until: Moment,
    /// Served while it is being refreshed.
    pub(crate) refresh_until: Moment,
    /// Served when a reload fails.
    pub(crate) fallback_until: Moment,
}

/// What of the call that made an entry is needed to make it again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    /// The call's own ttl.
    pub(crate) ttl: Option<Duration>,
    /// How many of the entry's tags, the first ones, were declared before the load. 32 bits, as every entry has it.
    pub(crate) declared: u32,
    /// Whether a load of the same entry may bring tags besides those declared, other than from caches it reads.
    pub(crate) open: bool,
    /// Whether the cache's own loader could make the same entry: not when the call had its own way to find tags.
    pub(crate) refreshable: bool,
}

/// What may be done with an entry now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Serve it.
    Fresh,
    /// Serve it and refresh it meanwhile.
    Refresh,
    /// Only if a reload fails.
    Fallback,
    /// Not at all.
    Dead,
}

impl Origin {
    pub(crate) fn new(ttl: Option<Duration>, declared: usize, open: bool, refreshable: bool) -> Self {
        // No entry has as many: its tags would not fit into memory.
        Self { ttl, declared: u32::try_from(declared).unwrap_or(u32::MAX), open, refreshable }
    }
}

impl Life {
    pub(crate) fn new(
        loaded_at_change: u64,
        born: Moment,
        tags: Vec<Tag>,
        cells: Vec<Arc<TagCell>>,
        times: Times,
        origin: Origin,
    ) -> Self {
        let mut cells = cells.into_iter();
        let first = cells.next();
        // Without tags there are no cells.
        let tagged = || Box::new(Tagged { tags: tags.into(), more: cells.collect() });
        let tagged = first.is_some().then(tagged);
        Self {
            loaded_at_change,
            born,
            times,
            origin,
            load: 0,
            first,
            tagged,
            extra: None,
            weight: AtomicU32::new(1),
            softened: AtomicBool::new(false),
        }
    }

    fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    pub(crate) fn loaded_in(mut self, load: Duration, validator: Option<Arc<str>>) -> Self {
        self.load = nanos(load);
        if validator.is_some() {
            self.extra_mut().validator = validator;
        }
        self
    }

    /// How long its loader took.
    pub(crate) fn load(&self) -> Duration {
        Duration::from_nanos(self.load)
    }

    /// The tags that were declared before the load.
    pub(crate) fn declared(&self) -> &[Tag] {
        let tags = self.tags();
        &tags[..tags.len().min(self.origin.declared as usize)]
    }

    pub(crate) fn tags(&self) -> &[Tag] {
        self.tagged.as_ref().map_or(&[], |tagged| &tagged.tags)
    }

    fn cells(&self) -> impl Iterator<Item = &TagCell> {
        let more = self.tagged.iter().flat_map(|tagged| &tagged.more);
        self.first.iter().chain(more).map(|cell| &**cell)
    }

    /// The cell of its tags, if that is one.
    pub(super) fn only_cell(&self) -> Option<&Arc<TagCell>> {
        let alone = self.tagged.as_ref().is_some_and(|tagged| tagged.more.is_empty());
        self.first.as_ref().filter(|_| alone)
    }

    /// What its loader called this version of the value.
    pub(crate) fn validator(&self) -> Option<&Arc<str>> {
        self.extra.as_ref()?.validator.as_ref()
    }

    /// Set when an entry that goes unread is no longer fresh.
    pub(crate) fn slide(&self) -> Option<&Slide> {
        self.extra.as_ref()?.slide.as_deref()
    }

    /// From when on a look-up may refresh it while it is fresh; [`NEVER`] for not at all.
    pub(crate) fn early_from(&self) -> Moment {
        self.extra.as_ref().map_or(NEVER, |extra| extra.early_from)
    }

    /// The same, in an entry that nobody is served.
    pub(crate) fn never_served(mut self) -> Self {
        self.times = Times { fresh_until: 0, refresh_until: 0, fallback_until: 0 };
        self
    }

    /// The same, in an entry that serves only when a load fails.
    pub(crate) fn mere_fallback(self) -> Self {
        Self { times: Times { fresh_until: 0, refresh_until: 0, ..self.times }, ..self }
    }

    /// The same, in an entry that is kept to be compared only.
    pub(crate) fn observed(mut self) -> Self {
        self.extra_mut().observed = Some(Box::new(self.times));
        self.never_served()
    }

    /// The times an entry would have been served by that is kept to be compared only.
    pub(crate) fn observed_times(&self) -> Option<Times> {
        self.extra.as_ref()?.observed.as_deref().copied()
    }

    /// Whether it may still be compared, in an entry that is kept for that only.
    pub(crate) fn is_observed(&self, valid: bool, now: Moment) -> bool {
        valid && self.observed_times().is_some_and(|times| now < times.refresh_until)
    }

    pub(crate) fn refreshed_from(mut self, early_from: Moment) -> Self {
        if early_from != NEVER {
            self.extra_mut().early_from = early_from;
        }
        self
    }

    pub(crate) fn sliding(mut self, idle_max: Option<Duration>) -> Self {
        if let Some(idle_max) = idle_max {
            self.extra_mut().slide = Some(Box::new(Slide::new(idle_max, self.born)));
        }
        self
    }

    /// Until when a look-up need not look closely.
    pub(crate) fn plain_until(&self) -> Moment {
        if self.slide().is_some() { 0 } else { self.times.fresh_until.min(self.early_from()) }
    }

    /// Whether nothing that matches was invalidated since the load began. `by_pattern` is what hit the key by what it looks
    /// like, since then or since the entry was last found valid.
    pub(crate) fn is_valid(&self, floors: &Floors, by_pattern: Option<Strength>) -> bool {
        let at = self.loaded_at_change;
        floors.soft() <= at
            && by_pattern.is_none()
            && !self.softened.load(Ordering::Acquire)
            && self.cells().all(|cell| cell.soft() <= at)
    }

    /// Whether nothing that matches was invalidated for good since the load began.
    pub(crate) fn may_fall_back(&self, floors: &Floors, by_pattern: Option<Strength>) -> bool {
        let at = self.loaded_at_change;
        if !guards::holds(Guard::Hard) {
            return true;
        }
        floors.hard() <= at
            && by_pattern != Some(Strength::Hard)
            && self.cells().all(|cell| cell.hard() <= at)
    }

    /// Whether the key itself was invalidated softly.
    pub(crate) fn is_softened(&self) -> bool {
        self.softened.load(Ordering::Acquire)
    }

    /// Sets what the entry weighs, before it is stored: the store must never see it change.
    pub(crate) fn weigh(&self, weight: u32) {
        self.weight.store(weight, Ordering::Release);
    }

    pub(crate) fn weight(&self) -> u64 {
        u64::from(self.weight.load(Ordering::Acquire))
    }

    /// The key was invalidated softly.
    pub(crate) fn soften(&self) {
        self.softened.store(true, Ordering::Release);
    }

    /// What may be done with the entry at `now`, given whether it [is valid](Self::is_valid).
    pub(crate) fn verdict(
        &self,
        valid: bool,
        floors: &Floors,
        by_pattern: Option<Strength>,
        now: Moment,
    ) -> Verdict {
        let in_time = now < self.times.fresh_until;
        if valid && in_time && self.slide().is_none_or(|slide| !slide.is_over(now)) {
            Verdict::Fresh
        } else if valid && !in_time && now < self.times.refresh_until {
            Verdict::Refresh
        } else if now < self.times.fallback_until && self.may_fall_back(floors, by_pattern) {
            Verdict::Fallback
        } else {
            Verdict::Dead
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn what_every_entry_carries_is_small() {
        assert_eq!(size_of::<Life>(), 104);
    }
}
