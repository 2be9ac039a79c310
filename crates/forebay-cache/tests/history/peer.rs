use super::{
    KEYS, TAGS,
    database::Database,
    facts::{Ack, Answer, Facts},
    op::{How, What},
};
use forebay_cache::{
    Cache, LoadFailed, LoaderError, Namespace, Reached, Tag,
    testing::{Hub, Node, Shelf, TestClock},
};
use forebay_metrics::Meter;
use forebay_scope::Scope;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// One node's life, from its start to its end.
pub(crate) struct Peer {
    pub(crate) node: usize,
    /// Different from every life before.
    pub(crate) life: u32,
    /// How many invalidations had been acknowledged when it joined.
    pub(crate) born: usize,
    pub(crate) link: Arc<Node>,
    pub(crate) space: Namespace,
    pub(crate) cache: Cache<u64, u64>,
    pub(crate) clock: TestClock,
    pub(crate) database: Database,
    pub(crate) facts: Arc<Facts>,
}

/// A caller and what it brings along.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) key: usize,
    pub(crate) how: How,
    pub(crate) slow: u8,
    pub(crate) server: u8,
}

pub(crate) fn tag(key: usize) -> Tag {
    Tag::of("group", key % TAGS)
}

/// The key of a row: in its text the group comes first, and then the place in the group.
fn name(key: usize) -> u64 {
    (100 + key % TAGS * 10 + key / TAGS) as u64
}

fn row(name: u64) -> Option<usize> {
    (0..KEYS).find(|key| self::name(*key) == name)
}

pub(crate) async fn turns(count: u8) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

impl Peer {
    /// A node that has joined the chain, if it can. Its tables are small, so that they overflow.
    pub(crate) async fn start(
        (node, life): (usize, u32),
        (hub, shelf): (&Arc<Hub>, &Arc<Shelf>),
        (database, facts): (&Database, &Arc<Facts>),
    ) -> Arc<Self> {
        let (link, clock, before) = (hub.node(), TestClock::new(), facts.acks());
        let space = Namespace::builder("shop")
            .sequencer(link.clone())
            .tier(shelf.guarded())
            .tags_max(2)
            .keys_max(2)
            .patterns_max(2)
            .queue_max(2)
            .silence_max(Facts::SILENCE_MAX)
            .meter(&Meter::disabled())
            .build()
            .expect("valid settings");
        // Until it has joined it knows nothing of what was acknowledged before.
        let joined = tokio::time::timeout(Duration::from_millis(1), space.ready()).await;
        let born = if joined.is_ok() { before } else { 0 };
        let rows = database.clone();
        let loader = move |key: u64| {
            let rows = rows.clone();
            async move {
                turns(3).await;
                let version = row(key).and_then(|key| rows.read(key, 1)).ok_or("the database fails")?;
                Ok::<_, LoaderError>(Some(Arc::new(version)))
            }
        };
        let cache = Cache::builder("rows")
            .namespace(&space)
            .capacity(3)
            .clock(clock.clock())
            .ttl(Duration::from_secs(600))
            .stale_while_revalidate(Duration::from_secs(600))
            .stale_if_error(Duration::from_secs(3600))
            .loader(loader)
            .shared()
            .build()
            .expect("valid settings");
        let (database, facts) = (database.clone(), facts.clone());
        Arc::new(Self { node, life, born, link, space, cache, clock, database, facts })
    }

    /// One read. It may be dropped at any turn.
    pub(crate) async fn read(&self, caller: Caller, silent_since: Instant) {
        let began = self.facts.began(self.life, self.born, silent_since);
        let (scope, failed) = (Scope::new(), AtomicBool::new(false));
        let Some(version) = scope.run(self.ask(caller, &failed)).await else { return };
        let answer = match (failed.into_inner(), scope.is_behind()) {
            (true, _) => Answer::StandsIn,
            (false, true) => Answer::Behind,
            (false, false) => Answer::Current,
        };
        self.facts.read(began, self.node, caller.key, version, answer);
    }

    async fn ask(&self, caller: Caller, failed: &AtomicBool) -> Option<u64> {
        let Caller { key, how, slow, server } = caller;
        let name = name(key);
        let load = async || {
            turns(slow / 2).await;
            let version = self.database.read(key, server);
            turns(slow - slow / 2).await;
            failed.store(version.is_none(), Ordering::Relaxed);
            version.ok_or_else(|| LoadFailed::Leader("the database fails".into()))
        };
        let entry = self.cache.entry(&name);
        match how {
            How::Load => entry.tags_from(|_: &u64| [tag(key)]).get_or_load(load).await.ok(),
            How::LoadDeclared => entry.tags(|| [tag(key)]).get_or_load(load).await.ok(),
            How::Get => self.cache.get(&name).await.as_deref().copied(),
            How::Peek => self.cache.peek(&name).as_deref().copied(),
        }
    }

    /// One write, and the invalidation that stands for it.
    pub(crate) async fn write(&self, key: usize, what: What, soft: bool) {
        let written = self.database.write(key);
        let invalidator = self.cache.invalidator().after(written.position);
        let invalidator = if soft { invalidator.soft() } else { invalidator };
        let reached = match what {
            What::Key => invalidator.key(&name(key)).await,
            What::Tag => invalidator.tag(&tag(key)).await,
            What::Prefix => invalidator.prefix(&format!("1{}", key % TAGS)).await,
            What::Pattern => invalidator.pattern(format!("1?{}", key / TAGS)).await,
            What::Clear => invalidator.clear().await,
        };
        let hit = |other: usize| match what {
            What::Key => other == key,
            What::Tag | What::Prefix => other % TAGS == key % TAGS,
            What::Pattern => other / TAGS == key / TAGS,
            What::Clear => true,
        };
        let floors: [u64; KEYS] = std::array::from_fn(|key| if hit(key) { written.versions[key] } else { 0 });
        let everywhere = reached == Reached::Everywhere;
        self.facts.acked(Ack { life: self.life, at: Instant::now(), floors, hard: !soft, everywhere });
    }
}
