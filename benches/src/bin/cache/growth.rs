//! How the cost of a hit grows: with entries, with tags on an entry, with invalidations and patterns that are remembered.

use crate::subjects::{Subjects, timed};
use forebay::cache::{Pattern, Tag};
use forebay_benches::{Aim, PAIRS, Report, Summary};

const ENTRIES: u64 = 10_000;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    for (entries, size) in [(1_000, "1k"), (10_000, "10k"), (100_000, "100k"), (1_000_000, "1m")] {
        let subjects = Subjects::new(entries)?;
        line(report, &format!("cache.hit_of_{size}_entries"), &subjects, async || {});
    }
    for tags in [0, 1, 8, 32] {
        let subjects = Subjects::new(ENTRIES)?;
        subjects.runtime.block_on(async {
            for key in 0..ENTRIES {
                let all = (0..tags).map(|tag| Tag::of("row", (key + tag * 31) % 1_000));
                subjects.ours.entry(&key).tags(|| all).insert([key; 16]).await;
            }
        });
        line(report, &format!("cache.hit_with_{tags}_tags"), &subjects, async || {});
        // Another tag is invalidated, so every entry has its own looked at again.
        let name = format!("cache.hit_with_{tags}_tags_after_an_invalidation");
        line(report, &name, &subjects, async || subjects.ours.invalidate_tag(&other(0)).await);
    }
    invalidations(report)?;
    patterns(report)
}

/// No entry carries it.
fn other(number: u64) -> Tag {
    Tag::of("other", number)
}

fn invalidations(report: &mut Report) -> anyhow::Result<()> {
    for (held, count) in [(1, "1"), (1_000, "1k"), (100_000, "100k")] {
        let subjects = Subjects::tagged(ENTRIES, 1_000)?;
        subjects.runtime.block_on(async {
            for number in 0..held {
                subjects.ours.invalidate_tag(&other(number)).await;
            }
        });
        let name = format!("cache.hit_with_{count}_invalidations_held");
        line(report, &name, &subjects, async || {});
        let name = format!("{name}_after_one_more");
        line(report, &name, &subjects, async || subjects.ours.invalidate_tag(&other(0)).await);
    }
    Ok(())
}

/// Of patterns as they usually are, which are found by what they begin and end with, and of those that begin and end with
/// a wildcard, which are compared one by one.
fn patterns(report: &mut Report) -> anyhow::Result<()> {
    let usual = |number: u64| Pattern::from(format!("user:{number}:*"));
    let wild = |number: u64| Pattern::from(format!("*x{number}*"));
    for (kind, pattern) in [("live_patterns", usual as fn(u64) -> Pattern), ("live_wild_patterns", wild)] {
        for live in [1, 10, 100, 1_000] {
            let subjects = Subjects::new(ENTRIES)?;
            subjects.runtime.block_on(async {
                for number in 0..live {
                    subjects.ours.invalidate_pattern(pattern(number)).await;
                }
            });
            let name = format!("cache.hit_with_{live}_{kind}");
            line(report, &name, &subjects, async || {});
            let again = async || subjects.ours.invalidate_pattern(pattern(0)).await;
            line(report, &format!("{name}_after_one_more"), &subjects, again);
        }
    }
    Ok(())
}

/// What a hit takes; `before` each pass over the entries something may happen, which is not timed.
fn line<R>(report: &mut Report, name: &str, subjects: &Subjects, before: impl AsyncFn() -> R) {
    let once = subjects.walk().once();
    let passes = subjects.walk().len() / once.len();
    let sample = |_| {
        let pass = || {
            subjects.runtime.block_on(before());
            timed(once, |walk| subjects.get_or_load(walk)).as_nanos() as f64
        };
        (0..passes).map(|_| pass()).sum::<f64>() / (passes * once.len()) as f64
    };
    let summary = Summary::of((0..PAIRS).map(sample).collect());
    report.spread(name, Aim::None, summary, "ns", 0.0);
}
