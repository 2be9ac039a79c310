//! Hits in memory.

use crate::subjects::{Row, Subjects, TTL, not_loaded, on_two_threads, runtime};
use forebay::cache::Tag;
use forebay_benches::{Aim, PAIRS, Report};
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

const ENTRIES: u64 = 100_000;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let subjects = Subjects::new(ENTRIES)?;
    report.same_against_same("cache.hit", PAIRS, || subjects.ours());
    for (entries, size, aim) in
        [(1_000, "1k", Aim::AtMost(1.4)), (ENTRIES, "100k", Aim::AtMost(1.3)), (1_000_000, "1m", Aim::None)]
    {
        beside_quick_cache(report, &Subjects::new(entries)?, size, aim);
    }
    let allocations = allocation_counter::measure(|| {
        subjects.ours();
    });
    let allocations = allocations.count_total as f64;
    report.value("cache.hit_allocs", Aim::AtMost(0.0), allocations, "allocations", subjects.order.len());
    let nanos = subjects.ours().as_nanos() as f64 / ENTRIES as f64;
    report.value("cache.hit", Aim::None, nanos, "ns", 1);
    under_invalidation(
        report,
        &subjects,
        "cache.hit_under_invalidation_vs_quick_cache_100k",
        Aim::AtMost(1.6),
    );
    let tagged = Subjects::tagged(ENTRIES, 1_000)?;
    under_invalidation(report, &tagged, "cache.tagged_hit_under_invalidation_vs_quick_cache_100k", Aim::None);
    beside_moka(report, &subjects)?;
    beside_foyer(report, &subjects)
}

/// One thread, two threads, and the look-up without a future.
fn beside_quick_cache(report: &mut Report, subjects: &Subjects, size: &str, aim: Aim) {
    // A pass over few entries is too short to time.
    let passes = (ENTRIES as usize / subjects.order.len()).max(1);
    let times = |pass: &dyn Fn() -> Duration| (0..passes).map(|_| pass()).sum();
    let ratio =
        |report: &mut Report, name: String, ours: &dyn Fn() -> Duration, quick: &dyn Fn() -> Duration| {
            report.time_ratio(&name, aim, PAIRS, || times(ours), || times(quick));
        };
    let name = format!("cache.hit_vs_quick_cache_{size}");
    ratio(report, name, &|| subjects.ours(), &|| subjects.quick());
    let name = format!("cache.peek_vs_quick_cache_{size}");
    ratio(report, name, &|| subjects.ours_peek(), &|| subjects.quick());
    let ours = || on_two_threads(&subjects.order, |key| drop(black_box(subjects.ours.peek(key))));
    let quick = || on_two_threads(&subjects.order, |key| drop(black_box(subjects.quick.get(key))));
    ratio(report, format!("cache.hit_vs_quick_cache_{size}_two_threads"), &ours, &quick);
}

/// While tags that no entry carries are invalidated a thousand times a second.
fn under_invalidation(report: &mut Report, subjects: &Subjects, name: &str, aim: Aim) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let Ok(runtime) = runtime() else { return };
            for number in 0_u64.. {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let tag = Tag::of("other", number % 1_000);
                runtime.block_on(subjects.ours.invalidate_tag(&tag));
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        report.time_ratio(name, aim, PAIRS, || subjects.ours(), || subjects.quick());
        over.store(true, Ordering::Relaxed);
    });
}

fn beside_moka(report: &mut Report, subjects: &Subjects) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let moka: moka::future::Cache<u64, Arc<Row>> =
        moka::future::Cache::builder().max_capacity(ENTRIES * 2).time_to_live(TTL).build();
    runtime.block_on(async {
        for key in 0..ENTRIES {
            moka.insert(key, Arc::new([key; 16])).await;
        }
        moka.run_pending_tasks().await;
    });
    let got = || {
        runtime.block_on(async {
            let began = Instant::now();
            for key in &subjects.order {
                black_box(moka.get(key).await);
            }
            began.elapsed()
        })
    };
    report.time_ratio("cache.hit_vs_moka_future", Aim::AtMost(0.35), PAIRS, || subjects.ours_peek(), got);
    let got_with = || {
        runtime.block_on(async {
            let began = Instant::now();
            for key in &subjects.order {
                black_box(moka.get_with(*key, async { not_loaded(*key) }).await);
            }
            began.elapsed()
        })
    };
    let name = "cache.get_or_load_hit_vs_moka_get_with";
    report.time_ratio(name, Aim::AtMost(0.35), PAIRS, || subjects.ours(), got_with);
    Ok(())
}

fn beside_foyer(report: &mut Report, subjects: &Subjects) -> anyhow::Result<()> {
    let foyer: foyer::Cache<u64, Arc<Row>> =
        foyer::CacheBuilder::new(usize::try_from(ENTRIES * 2)?).with_name("rows").build();
    for key in 0..ENTRIES {
        foyer.insert(key, Arc::new([key; 16]));
    }
    let got = || {
        let began = Instant::now();
        for key in &subjects.order {
            black_box(foyer.get(key));
        }
        began.elapsed()
    };
    report.time_ratio("cache.hit_vs_foyer", Aim::None, PAIRS, || subjects.ours_peek(), got);
    Ok(())
}
