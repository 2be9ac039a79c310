use super::node::Node;
use crate::{
    Event, Invalidation, LivePatterns, Mark, Missed, Newest, Stamp, Tag, Target,
    guards::{self, Guard},
    namespace::goes_on_from,
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
    /// Where the chain began that counts.
    base: Mark,
    /// Every event since.
    chain: Vec<Event>,
    /// The epochs that ended, oldest first, each with its last number.
    ended: Vec<Stamp>,
    /// How many of them nothing of counts any more.
    over: usize,
    /// The epoch of the end, until the next event.
    epoch: u64,
    /// The newest epoch, so that none is given twice.
    epochs: u64,
    /// Another server gives the next number.
    moved: bool,
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
            base: Mark { stamp: Stamp { epoch: 1, number: 0 }, link: 0 },
            chain: Vec::new(),
            ended: Vec::new(),
            over: 0,
            epoch: 1,
            epochs: 1,
            moved: false,
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

    /// Loses the newest `count` events, as a promoted replica does that had not received them: their numbers are handed out
    /// again in a new epoch, for other invalidations.
    pub fn rewind(&self, count: usize) {
        self.state().rewind(count);
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

    /// Comes back empty: another epoch, from number 0, and nothing known of positions.
    pub fn flush(&self) {
        let mut state = self.state();
        (state.ended, state.over) = (Vec::new(), 0);
        state.restart(0);
        state.positions = Positions::default();
    }

    /// The end of the chain.
    #[must_use]
    pub fn end(&self) -> Mark {
        self.state().end()
    }

    pub(super) fn issue(&self, invalidation: &Invalidation) -> Event {
        let mut state = self.state();
        let end = state.end();
        if std::mem::take(&mut state.moved) && guards::holds(Guard::Epochs) {
            state.next_epoch(end.stamp);
        }
        let event = Event {
            stamp: Stamp { epoch: state.epoch, number: end.stamp.number + 1 },
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
        if let Some(lost) = mark.filter(|mark| events.is_none() && state.is_foreign(*mark)) {
            state.renew(lost.stamp);
        }
        let complete = events.is_some();
        Missed {
            events: events.unwrap_or_default(),
            end: state.end(),
            earlier: state.ended[state.over..].to_vec(),
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

    fn rewind(&mut self, count: usize) {
        let keep = self.chain.len().saturating_sub(count);
        self.chain.truncate(keep);
        self.kept_from = self.kept_from.min(keep);
        let end = self.end().stamp;
        self.floor = self.floor.min(end.number);
        self.epoch = end.epoch;
        self.ended.retain(|ended| ended.epoch < end.epoch);
        self.over = self.over.min(self.ended.len());
        self.moved = true;
    }

    /// The one that ends at `last` is over.
    fn next_epoch(&mut self, last: Stamp) {
        self.ended.push(last);
        self.epochs += 1;
        self.epoch = self.epochs;
    }

    /// Goes on in an epoch that trusts nothing from before: somebody knows what was `lost`.
    fn renew(&mut self, lost: Stamp) {
        let end = self.end().stamp;
        self.ended.push(end);
        // Who knew no more than this need not begin yet another one.
        match self.ended.iter_mut().find(|last| last.epoch == lost.epoch) {
            Some(last) => last.number = last.number.max(lost.number),
            None => self.ended.push(lost),
        }
        self.over = self.ended.len();
        self.restart(end.number);
    }

    /// What came after `mark`; `None` when that is not known.
    fn after(&self, mark: Mark) -> Option<Vec<Event>> {
        let passed = usize::try_from(mark.stamp.number.checked_sub(self.base.stamp.number)?).ok()?;
        if !self.counts(mark.stamp) || passed < self.kept_from || !fits(self.link_at(passed)?, mark.link) {
            return None;
        }
        Some(self.chain[passed..].to_vec())
    }

    fn counts(&self, stamp: Stamp) -> bool {
        stamp.epoch == self.epoch || goes_on_from(&self.ended[self.over..], stamp)
    }

    /// Whether `mark` belongs to another chain than this one, as far as the stream can tell.
    fn is_foreign(&self, mark: Mark) -> bool {
        if !self.counts(mark.stamp) {
            let last = self.ended.iter().find(|last| last.epoch == mark.stamp.epoch);
            let oldest = self.ended.first().map_or(self.epoch, |oldest| oldest.epoch);
            return last.map_or(mark.stamp.epoch > oldest, |last| mark.stamp.number > last.number);
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
        self.epochs += 1;
        (self.epoch, self.moved) = (self.epochs, false);
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
