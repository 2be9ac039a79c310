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

/// A pass over fewer look-ups is too short to time.
const LOOK_UPS_MIN: usize = 100_000;

pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

pub(crate) fn shuffled(entries: u64) -> Vec<u64> {
    let mut order: Vec<u64> = (0..entries).collect();
    order.shuffle(&mut StdRng::seed_from_u64(7));
    order
}

/// Records, as a service in production does.
pub(crate) fn meter() -> anyhow::Result<Meter> {
    Ok(Meter::new(WindowRecorder::new(RecorderConfig::default())?))
}

/// The keys one thread looks up: two stretches of the order one after the other, and that some times over.
#[derive(Clone, Copy)]
pub(crate) struct Walk<'a> {
    halves: [&'a [u64]; 2],
    times: usize,
}

impl<'a> Walk<'a> {
    pub(crate) fn over(order: &'a [u64]) -> Self {
        let (first, second) = order.split_at(order.len() / 2);
        Self { halves: [first, second], times: LOOK_UPS_MIN.div_ceil(order.len()) }
    }

    pub(crate) fn len(&self) -> usize {
        self.times * self.halves.iter().map(|half| half.len()).sum::<usize>()
    }

    /// Each key once.
    pub(crate) fn once(self) -> Self {
        Self { times: 1, ..self }
    }

    fn half_a_turn_on(self) -> Self {
        Self { halves: [self.halves[1], self.halves[0]], ..self }
    }

    pub(crate) fn each(&self, mut look_up: impl FnMut(&u64)) {
        for half in std::iter::repeat_n(self.halves, self.times).flatten() {
            half.iter().for_each(&mut look_up);
        }
    }

    pub(crate) async fn each_awaited(&self, mut look_up: impl AsyncFnMut(&u64)) {
        for half in std::iter::repeat_n(self.halves, self.times).flatten() {
            for key in half {
                look_up(key).await;
            }
        }
    }
}

/// How long one thread takes.
pub(crate) fn timed(walk: Walk<'_>, look_up: impl Fn(Walk<'_>)) -> Duration {
    let began = Instant::now();
    look_up(walk);
    began.elapsed()
}

/// How long two threads take that begin together, each with the whole walk, half a turn apart.
pub(crate) fn on_two_threads(walk: Walk<'_>, look_up: impl Fn(Walk<'_>) + Sync) -> Duration {
    let start = Barrier::new(3);
    std::thread::scope(|scope| {
        for walk in [walk, walk.half_a_turn_on()] {
            let (start, look_up) = (&start, &look_up);
            scope.spawn(move || {
                start.wait();
                look_up(walk);
                start.wait();
            });
        }
        start.wait();
        let began = Instant::now();
        start.wait();
        began.elapsed()
    })
}

pub(crate) struct Subjects {
    order: Vec<u64>,
    pub(crate) runtime: Runtime,
    pub(crate) ours: Cache<u64, Row>,
    quick: quick_cache::sync::Cache<u64, Arc<Row>>,
}

impl Subjects {
    /// Ours with a ttl and with metrics recorded, as in production, which the peer does not do.
    pub(crate) fn new(entries: u64) -> anyhow::Result<Self> {
        Self::build(entries, 0, true)
    }

    /// Each of our entries with one of `tags` tags.
    pub(crate) fn tagged(entries: u64, tags: u64) -> anyhow::Result<Self> {
        Self::build(entries, tags, true)
    }

    /// Ours without a ttl and without metrics: no more than the peer does.
    pub(crate) fn plain(entries: u64) -> anyhow::Result<Self> {
        Self::build(entries, 0, false)
    }

    fn build(entries: u64, tags: u64, as_in_production: bool) -> anyhow::Result<Self> {
        let runtime = runtime()?;
        // Room for more than is stored: no subject may evict in between.
        let room = usize::try_from(entries * 2)?;
        // None of the invalidations of a line may be forgotten: that would cost misses.
        let space = Namespace::builder("bench").tags_max(200_000).meter(&Meter::disabled()).build()?;
        let ours = Cache::builder("rows").namespace(&space).capacity(room);
        let ours = if as_in_production {
            ours.ttl(TTL).meter(&meter()?).build()?
        } else {
            ours.meter(&Meter::disabled()).build()?
        };
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

    pub(crate) fn walk(&self) -> Walk<'_> {
        Walk::over(&self.order)
    }

    /// As a service calls it: through a future that would load.
    pub(crate) fn get_or_load(&self, walk: Walk<'_>) {
        self.runtime.handle().block_on(walk.each_awaited(async |key| {
            black_box(self.ours.get_or_load(key, async || not_loaded(*key)).await);
        }));
    }

    /// Through a future that looks in every tier there is.
    pub(crate) fn get(&self, walk: Walk<'_>) {
        self.runtime.handle().block_on(walk.each_awaited(async |key| {
            black_box(self.ours.get(key).await);
        }));
    }

    pub(crate) fn peek(&self, walk: Walk<'_>) {
        walk.each(|key| drop(black_box(self.ours.peek(key))));
    }

    pub(crate) fn quick(&self, walk: Walk<'_>) {
        walk.each(|key| drop(black_box(self.quick.get(key))));
    }
}

/// Every key is there, so that nothing is loaded.
pub(crate) fn not_loaded(key: u64) -> Arc<Row> {
    panic!("{key} is not in memory")
}
