use async_trait::async_trait;
use forebay_cache::{
    Event, Heard, Invalidation, Mark, Missed, Newest, Sequencer, SequencerError, Stamp, Tag, Target,
};
use forebay_scope::Positions;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};
use tokio::sync::Notify;

/// One chain of invalidations, shared by several nodes.
#[derive(Debug)]
pub(crate) struct Hub {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    epoch: u64,
    events: Vec<Event>,
    /// The link before the first event that is still kept, and its number.
    start: (u64, u64),
    links: u64,
    offline: bool,
    nodes: Vec<Arc<Node>>,
}

/// One node's connection to the chain. Messages wait in `in_flight` until the test delivers them.
#[derive(Debug)]
pub(crate) struct Node {
    hub: Mutex<Option<Arc<Hub>>>,
    in_flight: Mutex<VecDeque<Event>>,
    inbox: Mutex<VecDeque<Heard>>,
    arrived: Notify,
    /// A guard switched off: answers about tags are always "never".
    pub(crate) forgetful: std::sync::atomic::AtomicBool,
    /// A guard switched off: claims that nothing was missed.
    pub(crate) careless: std::sync::atomic::AtomicBool,
    /// Does not answer about tags and keys.
    pub(crate) mute: std::sync::atomic::AtomicBool,
    panics: std::sync::atomic::AtomicBool,
}

impl Hub {
    pub(crate) fn new() -> Arc<Self> {
        let state = State {
            epoch: 1,
            events: Vec::new(),
            start: (0, 0),
            links: 0,
            offline: false,
            nodes: Vec::new(),
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    pub(crate) fn node(self: &Arc<Self>) -> Arc<Node> {
        let node = Arc::new(Node {
            hub: Mutex::new(Some(self.clone())),
            in_flight: Mutex::default(),
            inbox: Mutex::default(),
            arrived: Notify::new(),
            forgetful: false.into(),
            careless: false.into(),
            mute: false.into(),
            panics: false.into(),
        });
        self.state.lock().expect("nobody panics while holding it").nodes.push(node.clone());
        node
    }

    pub(crate) fn offline(&self, offline: bool) {
        self.state.lock().expect("nobody panics while holding it").offline = offline;
    }

    /// Loses the newest `count` events, as a promoted replica does: the same numbers are handed out again.
    pub(crate) fn rewind(&self, count: usize) {
        let mut state = self.state.lock().expect("nobody panics while holding it");
        let keep = state.events.len().saturating_sub(count);
        state.events.truncate(keep);
    }

    /// Forgets all events, so that they can no longer be replayed.
    pub(crate) fn trim(&self) {
        let mut state = self.state.lock().expect("nobody panics while holding it");
        let end = state.end();
        state.start = (end.stamp.number, end.link);
        state.events.clear();
    }

    pub(crate) fn end(&self) -> Mark {
        self.state.lock().expect("nobody panics while holding it").end()
    }
}

impl State {
    fn end(&self) -> Mark {
        let (number, link) = self.events.last().map_or(self.start, |event| (event.stamp.number, event.link));
        Mark { stamp: Stamp { epoch: self.epoch, number }, link }
    }

    fn positions(&self) -> Positions {
        let mut all = Positions::default();
        for event in &self.events {
            all.merge_all(&event.invalidation.positions);
        }
        all
    }
}

impl Node {
    /// Delivers the `index`th message in flight; `false` when there is none.
    pub(crate) fn deliver(&self, index: usize) -> bool {
        let Some(event) = self.in_flight.lock().expect("nobody panics while holding it").remove(index) else {
            return false;
        };
        self.hear(Heard::Event(event));
        true
    }

    pub(crate) fn deliver_all(&self) {
        while self.deliver(0) {}
    }

    /// Delivers the `index`th message and keeps it in flight.
    pub(crate) fn repeat(&self, index: usize) {
        if let Some(event) =
            self.in_flight.lock().expect("nobody panics while holding it").get(index).cloned()
        {
            self.hear(Heard::Event(event));
        }
    }

    pub(crate) fn lose(&self, index: usize) -> bool {
        self.in_flight.lock().expect("nobody panics while holding it").remove(index).is_some()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.lock().expect("nobody panics while holding it").len()
    }

    /// The backplane gives a sign of life.
    pub(crate) fn heartbeat(&self) {
        let end = self.hub().end();
        self.hear(Heard::Alive(end));
    }

    /// Whoever listens panics, once.
    pub(crate) fn panics(&self) {
        self.panics.store(true, std::sync::atomic::Ordering::Relaxed);
        self.arrived.notify_one();
    }

    pub(crate) fn hear(&self, heard: Heard) {
        self.inbox.lock().expect("nobody panics while holding it").push_back(heard);
        self.arrived.notify_one();
    }

    fn hub(&self) -> Arc<Hub> {
        self.hub.lock().expect("nobody panics while holding it").clone().expect("connected")
    }

    fn online(&self, step: &'static str) -> Result<Arc<Hub>, SequencerError> {
        let hub = self.hub();
        if hub.state.lock().expect("nobody panics while holding it").offline {
            return Err(SequencerError { step, source: "offline".into() });
        }
        Ok(hub)
    }
}

#[async_trait]
impl Sequencer for Node {
    async fn issue(&self, invalidation: &Invalidation) -> Result<Event, SequencerError> {
        let hub = self.online("issue")?;
        tokio::task::yield_now().await;
        let event = {
            let mut state = hub.state.lock().expect("nobody panics while holding it");
            let end = state.end();
            state.links += 1;
            let event = Event {
                stamp: Stamp { number: end.stamp.number + 1, ..end.stamp },
                // Different from every link before, also after a rewind.
                link: state.links << 32 | end.stamp.number,
                previous: end.link,
                invalidation: invalidation.clone(),
            };
            state.events.push(event.clone());
            for node in &state.nodes {
                node.in_flight.lock().expect("nobody panics while holding it").push_back(event.clone());
            }
            event
        };
        tokio::task::yield_now().await;
        Ok(event)
    }

    async fn missed(&self, mark: Option<Mark>) -> Result<Missed, SequencerError> {
        let hub = self.online("replay")?;
        tokio::task::yield_now().await;
        let mut state = hub.state.lock().expect("nobody panics while holding it");
        let (end, positions) = (state.end(), state.positions());
        if self.careless.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(Missed { events: Vec::new(), end, complete: mark.is_some(), positions });
        }
        let Some(mark) = mark else {
            return Ok(Missed { events: Vec::new(), end, complete: false, positions });
        };
        let at = |number: u64| match state.start {
            (first, link) if first == number => Some((0, link)),
            (first, _) => {
                let index = usize::try_from(number.checked_sub(first)?).ok()?;
                state.events.get(index - 1).map(|event| (index, event.link))
            }
        };
        match at(mark.stamp.number) {
            Some((index, link)) if mark.stamp.epoch == state.epoch && link == mark.link => {
                let events = state.events[index..].to_vec();
                Ok(Missed { events, end, complete: true, positions })
            }
            _ => {
                // Trimmed, or another chain. The latter is a new epoch, so that every node notices.
                if mark.stamp.number > end.stamp.number || mark.stamp.number > state.start.0 {
                    state.epoch += 1;
                }
                let end = state.end();
                Ok(Missed { events: Vec::new(), end, complete: false, positions })
            }
        }
    }

    async fn newest(&self, cache: &str, key: &[u8], tags: &[Tag]) -> Result<Newest, SequencerError> {
        let hub = self.online("newest")?;
        if self.mute.load(std::sync::atomic::Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
        let state = hub.state.lock().expect("nobody panics while holding it");
        if self.forgetful.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(Newest { epoch: state.epoch, floor: 0, key: 0, tags: vec![0; tags.len()] });
        }
        let (mut floor, mut newest_of_key) = (state.start.0, 0);
        let mut newest: HashMap<&Tag, u64> = HashMap::new();
        for event in &state.events {
            match &event.invalidation.target {
                Target::Tag(tag) => {
                    newest.insert(tag, event.stamp.number);
                }
                Target::Key(hit) if hit == key => newest_of_key = event.stamp.number,
                Target::Clear(hit) if hit.as_deref().is_none_or(|hit| hit == cache) => {
                    floor = event.stamp.number;
                }
                _ => {}
            }
        }
        let tags = tags.iter().map(|tag| newest.get(tag).copied().unwrap_or(0).max(floor)).collect();
        Ok(Newest { epoch: state.epoch, floor, key: newest_of_key.max(floor), tags })
    }

    async fn heard(&self) -> Heard {
        loop {
            assert!(!self.panics.swap(false, std::sync::atomic::Ordering::Relaxed), "told to panic");
            if let Some(heard) = self.inbox.lock().expect("nobody panics while holding it").pop_front() {
                return heard;
            }
            self.arrived.notified().await;
        }
    }
}
