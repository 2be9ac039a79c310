use super::node::Node;
use crate::{
    Event, Invalidation, LivePatterns, Mark, Missed, Newest, Stamp, Tag, Target,
    guards::{self, Guard},
};
use forebay_scope::Positions;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// One chain of invalidations in memory, shared by several [`Node`]s: what a Redis server is to them.
///
/// It keeps the contract of [`Sequencer`](crate::Sequencer), and loses what a test tells it to lose.
#[derive(Debug)]
pub struct Hub {
    by_hand: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    epoch: u64,
    /// Where this epoch began, or what was rewound to.
    base: Mark,
    /// Every event of the epoch.
    chain: Vec<Event>,
    /// The stream still has the events from this one on.
    kept_from: usize,
    /// What the tables knew up to this number is gone.
    floor: u64,
    /// Of the epochs before.
    positions: Positions,
    /// The newest link, so that none is given twice.
    links: u64,
    offline: bool,
    nodes: Vec<Weak<Node>>,
}

impl Hub {
    /// A chain whose messages reach every node at once.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Self::with(false)
    }

    /// A chain whose messages wait until the test delivers, repeats or loses them; see [`Node::deliver`].
    #[must_use]
    pub fn by_hand() -> Arc<Self> {
        Self::with(true)
    }

    fn with(by_hand: bool) -> Arc<Self> {
        let state = State {
            epoch: 1,
            base: Mark { stamp: Stamp { epoch: 1, number: 0 }, link: 0 },
            chain: Vec::new(),
            kept_from: 0,
            floor: 0,
            positions: Positions::default(),
            links: 0,
            offline: false,
            nodes: Vec::new(),
        };
        Arc::new(Self { by_hand, state: Mutex::new(state) })
    }

    /// A node's connection to the chain, for [`NamespaceBuilder::sequencer`](crate::NamespaceBuilder::sequencer).
    #[must_use]
    pub fn node(self: &Arc<Self>) -> Arc<Node> {
        let node = Arc::new(Node::new(self.clone()));
        let mut state = self.state();
        state.nodes.retain(|node| node.strong_count() > 0);
        state.nodes.push(Arc::downgrade(&node));
        drop(state);
        node
    }

    /// Whether the server is away: every call of every node fails. Default: no.
    pub fn offline(&self, offline: bool) {
        self.state().offline = offline;
    }

    pub(super) fn is_offline(&self) -> bool {
        self.state().offline
    }

    /// Loses the newest `count` events, as a promoted replica does that had not received them: the same numbers are handed
    /// out again, for other invalidations.
    pub fn rewind(&self, count: usize) {
        let mut state = self.state();
        let keep = state.chain.len().saturating_sub(count);
        state.chain.truncate(keep);
        state.kept_from = state.kept_from.min(keep);
        state.floor = state.floor.min(state.end().stamp.number);
    }

    /// Forgets the events of the stream, so that they can no longer be replayed. The tables of keys and tags stay.
    pub fn trim(&self) {
        let mut state = self.state();
        state.kept_from = state.chain.len();
    }

    /// Loses the tables of keys and tags, as a server does that is short of memory. It knows that it did.
    pub fn forget_tables(&self) {
        let mut state = self.state();
        state.floor = state.end().stamp.number;
    }

    /// Comes back empty: another epoch, from number 0.
    pub fn flush(&self) {
        let mut state = self.state();
        state.positions = Positions::default();
        state.restart(0);
    }

    /// The end of the chain.
    #[must_use]
    pub fn end(&self) -> Mark {
        self.state().end()
    }

    pub(super) fn issue(&self, invalidation: &Invalidation) -> Event {
        let mut state = self.state();
        let end = state.end();
        let event = Event {
            stamp: Stamp { number: end.stamp.number + 1, ..end.stamp },
            link: state.next_link(),
            previous: end.link,
            invalidation: invalidation.clone(),
        };
        state.chain.push(event.clone());
        for node in state.nodes.iter().filter_map(Weak::upgrade) {
            node.send(&event, self.by_hand);
        }
        event
    }

    pub(super) fn missed(&self, mark: Option<Mark>) -> Missed {
        let mut state = self.state();
        let events = mark.and_then(|mark| state.after(mark));
        if events.is_none() && mark.is_some_and(|mark| state.is_foreign(mark)) {
            let number = state.end().stamp.number;
            state.restart(number);
        }
        let complete = events.is_some();
        Missed {
            events: events.unwrap_or_default(),
            end: state.end(),
            complete,
            positions: state.positions(),
            patterns: state.patterns(),
        }
    }

    pub(super) fn newest(&self, cache: &str, key: &[u8], tags: &[Tag]) -> Newest {
        let state = self.state();
        let newest = |hits: &dyn Fn(&Target) -> bool| {
            let event = state.chain.iter().rev().find(|event| hits(&event.invalidation.target));
            event.map_or(0, |event| event.stamp.number)
        };
        let cleared = |target: &Target| matches!(target, Target::Clear(hit) if hit.as_deref().is_none_or(|hit| hit == cache));
        let floor = state.floor.max(newest(&cleared));
        let key = newest(&|target| matches!(target, Target::Key(hit) if hit == key)).max(floor);
        let tags = tags
            .iter()
            .map(|tag| newest(&|target| matches!(target, Target::Tag(hit) if hit == tag)).max(floor));
        Newest { epoch: state.epoch, floor, key, tags: tags.collect() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end(&self) -> Mark {
        self.chain.last().map_or(self.base, |event| Mark { stamp: event.stamp, link: event.link })
    }

    fn next_link(&mut self) -> u64 {
        self.links += 1;
        self.links
    }

    /// What came after `mark`; `None` when that is not known.
    fn after(&self, mark: Mark) -> Option<Vec<Event>> {
        let passed = usize::try_from(mark.stamp.number.checked_sub(self.base.stamp.number)?).ok()?;
        if mark.stamp.epoch != self.epoch
            || passed < self.kept_from
            || !fits(self.link_at(passed)?, mark.link)
        {
            return None;
        }
        Some(self.chain[passed..].to_vec())
    }

    /// Whether `mark` belongs to another chain than this one, as far as the stream can tell.
    fn is_foreign(&self, mark: Mark) -> bool {
        if mark.stamp.epoch != self.epoch {
            return mark.stamp.epoch > self.epoch;
        }
        let Some(passed) = mark.stamp.number.checked_sub(self.base.stamp.number) else { return false };
        let passed = usize::try_from(passed).unwrap_or(usize::MAX);
        passed >= self.kept_from && self.link_at(passed).is_none_or(|link| !fits(link, mark.link))
    }

    fn link_at(&self, passed: usize) -> Option<u64> {
        match passed.checked_sub(1) {
            None => Some(self.base.link),
            Some(last) => self.chain.get(last).map(|event| event.link),
        }
    }

    /// Goes on in a new epoch that trusts nothing numbered before.
    fn restart(&mut self, number: u64) {
        self.positions = self.positions();
        self.epoch += 1;
        let link = self.next_link();
        self.base = Mark { stamp: Stamp { epoch: self.epoch, number }, link };
        (self.kept_from, self.floor) = (0, number);
        self.chain.clear();
    }

    fn patterns(&self) -> LivePatterns {
        let mut newest: Vec<(Target, u64)> = Vec::new();
        for event in &self.chain {
            let (target, number) = (&event.invalidation.target, event.stamp.number);
            if matches!(target, Target::Pattern { .. }) {
                newest.retain(|(known, _)| known != target);
                newest.push((target.clone(), number));
            }
        }
        LivePatterns { floor: self.floor, newest }
    }

    fn positions(&self) -> Positions {
        let mut all = self.positions.clone();
        for event in &self.chain {
            all.merge_all(&event.invalidation.positions);
        }
        all
    }
}

/// Whether two links are the same, as long as anybody asks.
fn fits(link: u64, other: u64) -> bool {
    link == other || !guards::holds(Guard::Links)
}
