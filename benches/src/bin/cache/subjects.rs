//! The caches in memory that are compared: the same keys, values of the same size in each one's own copies, looked up
//! in the same random order.

use forebay::{
    cache::{Cache, Namespace, Tag},
    metrics::{Meter, RecorderConfig, WindowRecorder},
};
use rand::{SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use std::{
    hint::black_box,
    sync::{Arc, Barrier},
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// What a small row weighs.
pub(crate) type Row = [u64; 16];

pub(crate) const TTL: Duration = Duration::from_secs(3600);

pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

pub(crate) fn shuffled(entries: u64) -> Vec<u64> {
    let mut order: Vec<u64> = (0..entries).collect();
    order.shuffle(&mut StdRng::seed_from_u64(7));
    order
}

pub(crate) struct Subjects {
    pub(crate) order: Vec<u64>,
    pub(crate) runtime: Runtime,
    /// With a ttl and with metrics recorded, as in production.
    pub(crate) ours: Cache<u64, Row>,
    pub(crate) quick: quick_cache::sync::Cache<u64, Arc<Row>>,
}

impl Subjects {
    pub(crate) fn new(entries: u64) -> anyhow::Result<Self> {
        Self::tagged(entries, 0)
    }

    /// Each of our entries with one of `tags` tags, if any.
    pub(crate) fn tagged(entries: u64, tags: u64) -> anyhow::Result<Self> {
        let runtime = runtime()?;
        // Room for more than is stored: no subject may evict in between.
        let room = usize::try_from(entries * 2)?;
        let meter = Meter::new(WindowRecorder::new(RecorderConfig::default())?);
        let space = Namespace::local("bench");
        let ours = Cache::builder("rows").namespace(&space).capacity(room).ttl(TTL).meter(&meter).build()?;
        let quick = quick_cache::sync::Cache::new(room);
        runtime.block_on(async {
            for key in 0..entries {
                let tag = (tags > 0).then(|| Tag::of("row", key % tags.max(1)));
                ours.entry(&key).tags(|| tag).insert([key; 16]).await;
            }
        });
        for key in 0..entries {
            quick.insert(key, Arc::new([key; 16]));
        }
        Ok(Self { order: shuffled(entries), runtime, ours, quick })
    }

    pub(crate) fn ours(&self) -> Duration {
        self.runtime.block_on(async {
            let began = Instant::now();
            for key in &self.order {
                black_box(self.ours.get_or_load(key, async || not_loaded(*key)).await);
            }
            began.elapsed()
        })
    }

    pub(crate) fn ours_peek(&self) -> Duration {
        peeked(&self.ours, &self.order)
    }

    pub(crate) fn quick(&self) -> Duration {
        let began = Instant::now();
        for key in &self.order {
            black_box(self.quick.get(key));
        }
        began.elapsed()
    }
}

pub(crate) fn peeked(cache: &Cache<u64, Row>, order: &[u64]) -> Duration {
    let began = Instant::now();
    for key in order {
        black_box(cache.peek(key));
    }
    began.elapsed()
}

/// Every key is there, so that nothing is loaded.
pub(crate) fn not_loaded(key: u64) -> Arc<Row> {
    panic!("{key} is not in memory")
}

/// How long two threads take that begin together, each with the whole order, half a turn apart.
pub(crate) fn on_two_threads(order: &[u64], look_up: impl Fn(&u64) + Sync) -> Duration {
    let start = Barrier::new(3);
    let (first, second) = order.split_at(order.len() / 2);
    std::thread::scope(|scope| {
        for (head, tail) in [(first, second), (second, first)] {
            let (start, look_up) = (&start, &look_up);
            scope.spawn(move || {
                start.wait();
                head.iter().chain(tail).for_each(look_up);
                start.wait();
            });
        }
        start.wait();
        let began = Instant::now();
        start.wait();
        began.elapsed()
    })
}
