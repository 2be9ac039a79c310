//! Hits in memory beside the caches people would use instead: the same keys, values of the same size in each cache's
//! own copies, looked up in the same random order.

use forebay::{
    cache::Cache,
    metrics::{Meter, RecorderConfig, WindowRecorder},
};
use forebay_benches::{Aim, PAIRS, Report};
use rand::{SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

/// What a small row weighs.
type Row = [u64; 16];

const ENTRIES: u64 = 100_000;
const TTL: Duration = Duration::from_secs(3600);

struct Subjects {
    order: Vec<u64>,
    runtime: tokio::runtime::Runtime,
    /// With a ttl and with metrics recorded, as in production.
    ours: Cache<u64, Row>,
    quick: quick_cache::sync::Cache<u64, Arc<Row>>,
    moka: moka::future::Cache<u64, Arc<Row>>,
}

impl Subjects {
    fn new(entries: u64) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Room for more than is stored: no subject may evict in between.
        let room = entries * 2;
        let meter = Meter::new(WindowRecorder::new(RecorderConfig::default())?);
        let ours = Cache::builder("rows").capacity(usize::try_from(room)?).ttl(TTL).meter(&meter).build()?;
        let quick = quick_cache::sync::Cache::new(usize::try_from(room)?);
        let moka = moka::future::Cache::builder().max_capacity(room).time_to_live(TTL).build();
        runtime.block_on(async {
            for key in 0..entries {
                ours.insert(&key, [key; 16]).await;
            }
            for key in 0..entries {
                quick.insert(key, Arc::new([key; 16]));
            }
            for key in 0..entries {
                moka.insert(key, Arc::new([key; 16])).await;
            }
            moka.run_pending_tasks().await;
        });
        let mut order: Vec<u64> = (0..entries).collect();
        order.shuffle(&mut StdRng::seed_from_u64(7));
        Ok(Self { order, runtime, ours, quick, moka })
    }

    fn ours(&self) -> Duration {
        self.runtime.block_on(async {
            let began = Instant::now();
            for key in &self.order {
                black_box(self.ours.get_or_load(key, async || unreachable_load(*key)).await);
            }
            began.elapsed()
        })
    }

    fn ours_peek(&self) -> Duration {
        let began = Instant::now();
        for key in &self.order {
            black_box(self.ours.peek(key));
        }
        began.elapsed()
    }

    fn quick(&self) -> Duration {
        let began = Instant::now();
        for key in &self.order {
            black_box(self.quick.get(key));
        }
        began.elapsed()
    }

    fn moka(&self) -> Duration {
        self.runtime.block_on(async {
            let began = Instant::now();
            for key in &self.order {
                black_box(self.moka.get(key).await);
            }
            began.elapsed()
        })
    }

    fn allocations(&self) -> u64 {
        allocation_counter::measure(|| {
            self.ours();
        })
        .count_total
    }
}

/// Every key is there, so that nothing is loaded.
fn unreachable_load(key: u64) -> Arc<Row> {
    panic!("{key} is not in memory")
}

fn main() -> anyhow::Result<()> {
    let mut report = Report::new("cache");
    report.peer("quick_cache", "0.7.0");
    report.peer("moka", "0.12.16");
    let subjects = Subjects::new(ENTRIES)?;
    report.same_against_same("cache.hit", PAIRS, || subjects.ours());
    report.time_ratio(
        "cache.hit_vs_quick_cache_100k",
        Aim::AtMost(1.3),
        PAIRS,
        || subjects.ours(),
        || subjects.quick(),
    );
    report.time_ratio(
        "cache.hit_vs_moka_future",
        Aim::AtMost(0.35),
        PAIRS,
        || subjects.ours(),
        || subjects.moka(),
    );
    report.time_ratio(
        "cache.peek_vs_quick_cache_100k",
        Aim::AtMost(1.3),
        PAIRS,
        || subjects.ours_peek(),
        || subjects.quick(),
    );
    for (entries, size) in [(1_000, "1k"), (10_000, "10k"), (1_000_000, "1m")] {
        let subjects = Subjects::new(entries)?;
        let name = format!("cache.hit_vs_quick_cache_{size}");
        report.time_ratio(&name, Aim::None, PAIRS, || subjects.ours(), || subjects.quick());
    }
    let allocations = subjects.allocations() as f64;
    report.value("cache.hit_allocs", Aim::AtMost(0.0), allocations, "allocations", subjects.order.len());
    let nanos = subjects.ours().as_nanos() as f64 / ENTRIES as f64;
    report.value("cache.hit", Aim::None, nanos, "ns", 1);
    report.finish()
}
