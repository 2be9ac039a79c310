//! Hits in memory.

use crate::subjects::{Row, Subjects, TTL, Walk, not_loaded, on_two_threads, timed};
use forebay::cache::Tag;
use forebay_benches::{Aim, PAIRS, Report, Summary};
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

const ENTRIES: u64 = 100_000;
/// A pass over a million entries is long enough to need fewer.
const PAIRS_OF_MANY: usize = 15;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let subjects = Subjects::new(ENTRIES)?;
    report
        .same_against_same("cache.hit", PAIRS, || timed(subjects.walk(), |walk| subjects.get_or_load(walk)));
    for (entries, size, aim) in [(1_000, "1k", Aim::AtMost(1.4)), (ENTRIES, "100k", Aim::AtMost(1.3))] {
        beside_quick_cache(report, &Subjects::new(entries)?, size, aim, PAIRS);
        let plain = Subjects::plain(entries)?;
        let name = format!("cache.hit_without_ttl_and_metrics_vs_quick_cache_{size}");
        one_thread(report, &name, aim, PAIRS, (&plain, Subjects::get_or_load), (&plain, Subjects::quick));
    }
    beside_quick_cache(report, &Subjects::new(1_000_000)?, "1m", Aim::None, PAIRS_OF_MANY);
    alone(report, &subjects);
    under_invalidation(report, &subjects, "cache.hit_under_invalidation_vs_quick_cache_100k")?;
    let tagged = Subjects::tagged(ENTRIES, 1_000)?;
    under_invalidation(report, &tagged, "cache.tagged_hit_under_invalidation_vs_quick_cache_100k")?;
    beside_moka(report, &subjects);
    beside_foyer(report, &subjects)
}

type LookUp<'s> = (&'s Subjects, fn(&Subjects, Walk<'_>));

fn one_thread(
    report: &mut Report,
    name: &str,
    aim: Aim,
    pairs: usize,
    (us, ours): LookUp<'_>,
    (them, theirs): LookUp<'_>,
) {
    let ours = || timed(us.walk(), |walk| ours(us, walk));
    let theirs = || timed(them.walk(), |walk| theirs(them, walk));
    report.time_ratio(name, aim, pairs, ours, theirs);
}

/// `get_or_load` and the look-up without a future, on one thread and on two.
fn beside_quick_cache(report: &mut Report, subjects: &Subjects, size: &str, aim: Aim, pairs: usize) {
    for (what, aim, ours) in
        [("hit", aim, Subjects::get_or_load as fn(&Subjects, Walk<'_>)), ("peek", Aim::None, Subjects::peek)]
    {
        let name = format!("cache.{what}_vs_quick_cache_{size}");
        one_thread(report, &name, aim, pairs, (subjects, ours), (subjects, Subjects::quick));
        report.time_ratio(
            &format!("{name}_two_threads"),
            aim,
            pairs,
            || on_two_threads(subjects.walk(), |walk| ours(subjects, walk)),
            || on_two_threads(subjects.walk(), |walk| subjects.quick(walk)),
        );
    }
}

fn alone(report: &mut Report, subjects: &Subjects) {
    let walk = subjects.walk();
    let allocations = allocation_counter::measure(|| subjects.get_or_load(walk));
    report.value(
        "cache.hit_allocs",
        Aim::AtMost(0.0),
        allocations.count_total as f64,
        "allocations",
        walk.len(),
    );
    let nanos = |_| timed(walk, |walk| subjects.get_or_load(walk)).as_nanos() as f64 / walk.len() as f64;
    let summary = Summary::of((0..PAIRS).map(nanos).collect());
    report.spread("cache.hit_100k", Aim::None, summary, "ns", 0.0);
}

/// While tags that no entry carries are invalidated a thousand times a second.
fn under_invalidation(report: &mut Report, subjects: &Subjects, name: &str) -> anyhow::Result<()> {
    let runtime = crate::subjects::runtime()?;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let began = Instant::now();
            for number in 0_u32.. {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let tag = Tag::of("other", number % 1_000);
                runtime.block_on(subjects.ours.invalidate_tag(&tag));
                // By the clock, so that a late one is made up for.
                let due = Duration::from_millis(1) * number;
                std::thread::sleep(due.saturating_sub(began.elapsed()));
            }
        });
        let (ours, theirs) = ((subjects, Subjects::get_or_load as _), (subjects, Subjects::quick as _));
        one_thread(report, name, Aim::AtMost(1.6), PAIRS, ours, theirs);
        over.store(true, Ordering::Relaxed);
    });
    Ok(())
}

/// Its asynchronous cache, call by call as ours: `get` beside `get`, and what loads beside what loads.
fn beside_moka(report: &mut Report, subjects: &Subjects) {
    let runtime = &subjects.runtime;
    let moka: moka::future::Cache<u64, Arc<Row>> =
        moka::future::Cache::builder().max_capacity(ENTRIES * 2).time_to_live(TTL).build();
    runtime.block_on(async {
        for key in 0..ENTRIES {
            moka.insert(key, Arc::new([key; 16])).await;
        }
        moka.run_pending_tasks().await;
    });
    let got = |walk: Walk<'_>| {
        runtime.block_on(walk.each_awaited(async |key| drop(black_box(moka.get(key).await))));
    };
    let got_with = |walk: Walk<'_>| {
        runtime.block_on(walk.each_awaited(async |key| {
            black_box(moka.get_with(*key, async { not_loaded(*key) }).await);
        }));
    };
    report.time_ratio(
        "cache.hit_vs_moka_future",
        Aim::AtMost(0.35),
        PAIRS,
        || timed(subjects.walk(), |walk| subjects.get(walk)),
        || timed(subjects.walk(), got),
    );
    report.time_ratio(
        "cache.get_or_load_hit_vs_moka_get_with",
        Aim::AtMost(0.35),
        PAIRS,
        || timed(subjects.walk(), |walk| subjects.get_or_load(walk)),
        || timed(subjects.walk(), got_with),
    );
}

/// Its memory cache, whose look-up is no future and returns a counted handle on the value: beside ours that does the same.
fn beside_foyer(report: &mut Report, subjects: &Subjects) -> anyhow::Result<()> {
    let foyer: foyer::Cache<u64, Row> =
        foyer::CacheBuilder::new(usize::try_from(ENTRIES * 2)?).with_name("rows").build();
    for key in 0..ENTRIES {
        foyer.insert(key, [key; 16]);
    }
    report.time_ratio(
        "cache.hit_vs_foyer",
        Aim::None,
        PAIRS,
        || timed(subjects.walk(), |walk| subjects.peek(walk)),
        || timed(subjects.walk(), |walk| walk.each(|key| drop(black_box(foyer.get(key))))),
    );
    Ok(())
}
