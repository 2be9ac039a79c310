use super::{
    KEYS, MARK, REDIS, ROWS, TAGS,
    record::{Record, now},
    rows::{Connection, Versions, versions},
};
use anyhow::{Context, Result};
use forebay_cache::{
    Cache, GuardedTier, LoadFailed, Namespace, Tag, TierConfig,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
use rand::RngExt as _;
use std::{
    io::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    task::JoinSet,
};

/// What all tasks of a node share.
struct Shared {
    cache: Cache<u64, u64>,
    working: AtomicBool,
    records: Mutex<Vec<Record>>,
}

fn tag(key: usize) -> Tag {
    Tag::of("group", key % TAGS)
}

/// Whether this process was started as a node.
pub(crate) fn is_told() -> bool {
    std::env::var_os(REDIS).is_some()
}

/// Does what it is told on its standard input, until that ends.
pub(crate) async fn node() -> Result<()> {
    let told = |name| std::env::var(name).with_context(|| format!("{name} is not set"));
    let (redis, rows) = (told(REDIS)?, told(ROWS)?);
    let space = namespace(redis)?;
    space.ready().await;
    let cache = Cache::builder("rows").namespace(&space).capacity(4).shared().build()?;
    let shared = Arc::new(Shared { cache, working: AtomicBool::new(false), records: Mutex::default() });
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        tasks.spawn(work(shared.clone(), Connection::open(&rows).await?));
    }
    let mut own = Connection::open(&rows).await?;
    say("ready");
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    while let Some(order) = orders.next_line().await? {
        let (order, rest) = order.split_once(' ').unwrap_or((&order, ""));
        match order {
            "work" => shared.working.store(true, Ordering::Relaxed),
            "rest" => shared.working.store(false, Ordering::Relaxed),
            "count" => say(&shared.records().len().to_string()),
            "current" => {
                say(shared.is_current(&mut own, &versions(rest.split(' '))).await?);
            }
            "records" => {
                let records = std::mem::take(&mut *shared.records());
                records.iter().for_each(|record| say(&record.to_string()));
                say("end");
            }
            _ => break,
        }
    }
    Ok(())
}

fn say(line: &str) {
    // Not by `println`, which the test harness may keep. When nobody listens any more the input ends as well.
    let _nobody_listens = writeln!(std::io::stdout(), "\n{MARK}{line}");
}

fn namespace(redis: String) -> Result<Namespace> {
    let redis = RedisConfig {
        dead_after: Duration::from_millis(400),
        reconnect_delay_max: Duration::from_millis(50),
        ..RedisConfig::from_url(redis)
    };
    let chain = SequencerConfig { heartbeat: Duration::from_millis(50), ..SequencerConfig::of("shop") };
    let tier = Arc::new(RedisTier::connect(&redis)?);
    Ok(Namespace::builder("shop")
        .sequencer(Arc::new(RedisSequencer::connect(&redis, chain)?))
        .tier(GuardedTier::new(tier, &TierConfig::default(), &Meter::disabled())?)
        .issue_deadline(Duration::from_millis(100))
        .tags_max(2)
        .keys_max(2)
        .meter(&Meter::disabled())
        .build()?)
}

/// Reads and writes while the node works.
async fn work(shared: Arc<Shared>, mut rows: Connection) -> Result<()> {
    loop {
        tokio::time::sleep(Duration::from_millis(rand::random_range(1..5))).await;
        if !shared.working.load(Ordering::Relaxed) {
            continue;
        }
        let key = rand::rng().random_range(0..KEYS);
        if rand::random_bool(0.2) {
            shared.write(&mut rows, key).await?;
        } else {
            let began = now();
            let version = shared.read(&mut rows, key).await?;
            shared.records().push(Record::Read { began, ended: now(), key, version });
        }
    }
}

impl Shared {
    async fn read(&self, rows: &mut Connection, key: usize) -> Result<u64, LoadFailed> {
        let name = key as u64;
        let load = async || {
            let failed = |error: anyhow::Error| LoadFailed::Leader(error.to_string().into());
            Ok::<_, LoadFailed>(rows.read().await.map_err(failed)?[key])
        };
        self.cache.entry(&name).tags_from(|_: &u64| [tag(key)]).get_or_load(load).await
    }

    async fn write(&self, rows: &mut Connection, key: usize) -> Result<()> {
        let now_versions = rows.write(key).await?;
        let (hit, others): (fn(usize, usize) -> bool, _) = match rand::random_range(0..8) {
            0 => (|_, _| true, self.cache.clear().await),
            1..=3 => (|key, other| key % TAGS == other % TAGS, self.cache.invalidate_tag(&tag(key)).await),
            _ => (|key, other| key == other, self.cache.invalidate(&(key as u64)).await),
        };
        let _reached = others;
        let floors = std::array::from_fn(|other| if hit(key, other) { now_versions[other] } else { 0 });
        self.records().push(Record::Ack { at: now(), floors });
        Ok(())
    }

    /// Whether every row is read as it is now: `yes` or `no`.
    async fn is_current(&self, rows: &mut Connection, newest: &Versions) -> Result<&'static str> {
        for (key, version) in newest.iter().enumerate() {
            if self.read(rows, key).await.context("a row could not be read")? != *version {
                return Ok("no");
            }
        }
        Ok("yes")
    }

    fn records(&self) -> std::sync::MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
