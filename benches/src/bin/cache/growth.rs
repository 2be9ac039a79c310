//! How the cost of a hit grows: with entries, with tags on an entry, with invalidations that are remembered.

use crate::subjects::Subjects;
use forebay::cache::Tag;
use forebay_benches::{Aim, PAIRS, Report, Summary};
use std::time::Duration;

const ENTRIES: u64 = 10_000;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    for (entries, size) in [(1_000, "1k"), (10_000, "10k"), (100_000, "100k"), (1_000_000, "1m")] {
        let subjects = Subjects::new(entries)?;
        line(report, &format!("cache.hit_of_{size}_entries"), &subjects);
    }
    for tags in [0, 1, 8, 32] {
        let subjects = Subjects::new(ENTRIES)?;
        subjects.runtime.block_on(async {
            for key in 0..ENTRIES {
                let all = (0..tags).map(|tag| Tag::of("row", (key + tag * 31) % 1_000));
                subjects.ours.entry(&key).tags(|| all).insert([key; 16]).await;
            }
        });
        line(report, &format!("cache.hit_with_{tags}_tags"), &subjects);
    }
    for (held, count) in [(1, "1"), (1_000, "1k"), (100_000, "100k")] {
        let subjects = Subjects::tagged(ENTRIES, 1_000)?;
        subjects.runtime.block_on(async {
            for number in 0..held {
                subjects.ours.invalidate_tag(&Tag::of("other", number)).await;
            }
        });
        line(report, &format!("cache.hit_with_{count}_invalidations_held"), &subjects);
    }
    Ok(())
}

fn line(report: &mut Report, name: &str, subjects: &Subjects) {
    let passes = (100_000 / subjects.order.len()).max(1);
    let look_ups = passes * subjects.order.len();
    let pass = |_| {
        let took: Duration = (0..passes).map(|_| subjects.ours()).sum();
        took.as_nanos() as f64 / look_ups as f64
    };
    let summary = Summary::of((0..PAIRS).map(pass).collect());
    report.value(name, Aim::None, summary.median, "ns", summary.samples);
}
