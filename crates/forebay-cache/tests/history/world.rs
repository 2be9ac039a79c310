use super::{
    KEYS, NODES,
    database::Database,
    facts::Facts,
    op::{How, Op},
    peer::{Caller, Peer, turns},
};
use forebay_cache::{
    Heard,
    testing::{Hub, Shelf, Step},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Everything a history happens in. Its time is tokio's paused clock: what sleeps here costs no time and always ends at the same
/// moment of the history.
pub(crate) struct World {
    hub: Arc<Hub>,
    shelf: Arc<Shelf>,
    database: Database,
    facts: Arc<Facts>,
    nodes: Vec<Arc<Peer>>,
    /// When each node heard of the backplane last.
    heard: [Instant; NODES],
    lives: u32,
    /// Whether the server lost numbers of which only their issuers know: these must not end then.
    lost_numbers: bool,
}

impl World {
    pub(crate) async fn new() -> Self {
        let (hub, shelf) = (Hub::by_hand(), Shelf::new());
        let (database, facts) = (Database::default(), Arc::default());
        let heard = [Instant::now(); NODES];
        let mut world =
            Self { hub, shelf, database, facts, nodes: Vec::new(), heard, lives: 0, lost_numbers: false };
        for node in 0..NODES {
            let peer = world.peer(node).await;
            world.nodes.push(peer);
        }
        world
    }

    async fn peer(&mut self, node: usize) -> Arc<Peer> {
        self.lives += 1;
        self.heard[node] = Instant::now();
        let outside = (&self.hub, &self.shelf);
        Peer::start((node, self.lives), outside, (&self.database, &self.facts)).await
    }

    /// What broke the rule in this history, if anything did.
    pub(crate) async fn live(mut self, ops: &[(Op, u8)]) -> Option<String> {
        for (op, pause) in ops {
            match *op {
                Op::Read { node, key, how, slow, patience, server } => {
                    self.read(node, Caller { key, how, slow, server }, patience);
                }
                Op::Write { node, key, what, soft } => {
                    let peer = self.nodes[node].clone();
                    tokio::spawn(async move { peer.write(key, what, soft).await });
                }
                Op::Silence(seconds) => {
                    tokio::time::sleep(Duration::from_secs(seconds.into())).await;
                    // They lag for less than what a silent backplane allows.
                    self.standbys_catch_up();
                }
                Op::Restart(node) => self.restart(node).await,
                Op::ClockJumps(node, seconds) => {
                    self.nodes[node].clock.advance(Duration::from_secs(seconds.into()));
                }
                Op::DatabaseFails(failing) => self.database.fail(failing),
                Op::StandbyCatchesUp(standby) => self.database.catch_up(standby),
                mishap => self.happen(mishap),
            }
            turns(*pause).await;
        }
        self.heal().await;
        for node in 0..NODES {
            for key in 0..KEYS {
                self.read(node, Caller { key, how: How::Load, slow: 1, server: 7 }, u8::MAX);
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        for peer in &self.nodes {
            peer.space.shutdown().await;
        }
        self.facts.violation()
    }

    fn read(&self, node: usize, caller: Caller, patience: u8) {
        let (peer, silent_since) = (self.nodes[node].clone(), self.heard[node]);
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = peer.read(caller, silent_since) => {}
                () = turns(patience) => {}
            }
        });
    }

    fn happen(&mut self, mishap: Op) {
        match mishap {
            Op::Deliver(node, at) => self.hears(node, |peer| _ = peer.link.deliver(at)),
            Op::Repeat(node, at) => self.hears(node, |peer| peer.link.repeat(at)),
            Op::Heartbeat(node) => self.hears(node, |peer| peer.link.heartbeat()),
            Op::Interrupt(node) => self.hears(node, |peer| peer.link.hear(Heard::Interrupted)),
            Op::Cut(node, cut) => self.hears(node, |peer| peer.link.cut(cut)),
            Op::Lose(node, at) => _ = self.nodes[node].link.lose(at),
            Op::Offline(offline) => self.hub.offline(offline),
            Op::TierFails(true) => self.shelf.faults().fail(Step::ALL),
            Op::TierBuriesNothing(true) => self.shelf.faults().fail([Step::Remove]),
            Op::TierFails(false) | Op::TierBuriesNothing(false) => self.shelf.faults().heal(),
            Op::TierLoses(writes) => self.shelf.lose_last(writes),
            Op::TierEvicts => self.shelf.evict(|key| key.last().is_none_or(|last| last % 2 == 0)),
            Op::Trim => self.hub.trim(),
            Op::ForgetTables => self.hub.forget_tables(),
            Op::Failover(0, _) => {}
            Op::Failover(lost, with_tier) => {
                self.standbys_catch_up();
                self.hub.rewind(lost);
                if with_tier {
                    self.shelf.lose_last(lost);
                }
                self.lost_numbers = true;
                self.facts.numbers_lost();
            }
            Op::Flush(with_tier) => {
                self.standbys_catch_up();
                self.hub.flush();
                if with_tier {
                    self.shelf.clear();
                }
            }
            other => unreachable!("{other:?} is no mishap"),
        }
    }

    fn hears(&mut self, node: usize, hear: impl FnOnce(&Peer)) {
        self.heard[node] = Instant::now();
        hear(&self.nodes[node]);
    }

    /// They have replayed everything: also before a server loses the positions that nodes would ask them for.
    fn standbys_catch_up(&self) {
        for standby in 0..2 {
            self.database.catch_up(standby);
        }
    }

    async fn restart(&mut self, node: usize) {
        if self.lost_numbers {
            return;
        }
        let peer = self.peer(node).await;
        let old = std::mem::replace(&mut self.nodes[node], peer);
        old.space.shutdown().await;
    }

    /// Everything is delivered or replayed, and everything that was queued is sent.
    async fn heal(&mut self) {
        self.hub.offline(false);
        self.shelf.faults().heal();
        self.database.fail(false);
        for node in 0..NODES {
            self.hears(node, |peer| peer.link.cut(false));
        }
        for _ in 0..6 {
            for node in 0..NODES {
                self.hears(node, |peer| {
                    peer.link.deliver_all();
                    peer.link.heartbeat();
                });
            }
            // Past every pause before another try.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.facts.healed(self.nodes.iter().map(|peer| peer.life).collect());
    }
}
