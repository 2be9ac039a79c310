//! How fast plans are read, beside what a JSON document costs at least: a tree of serde_json.

use crate::faults;
use anyhow::Result;
use forebay_benches::{Aim, PAIRS, Report, Summary};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Each sample reads about this much.
const BYTES: usize = 4 << 20;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let plans = runtime.block_on(faults::printed())?;
    let json: Vec<&str> = plans.iter().map(|[json, _]| json.as_str()).collect();
    let text: Vec<&str> = plans.iter().map(|[_, text]| text.as_str()).collect();
    for plan in json.iter().chain(&text) {
        forebay_plan::read(plan)?;
    }
    let read = |plan: &str| drop(black_box(forebay_plan::read(black_box(plan))));
    let tree = |plan: &str| drop(black_box(serde_json::from_str::<serde_json::Value>(black_box(plan))));
    report.same_against_same("plan.parse", PAIRS, || time(&json, read));
    report.time_ratio(
        "plan.parse_vs_serde_json_tree",
        Aim::None,
        PAIRS,
        || time(&json, read),
        || time(&json, tree),
    );
    for (name, plans) in [("plan.parse_mb_per_s", &json), ("plan.parse_text_mb_per_s", &text)] {
        let samples = (0..PAIRS).map(|_| megabytes(plans) / time(plans, read).as_secs_f64());
        report.spread(name, Aim::None, Summary::of(samples.collect()), "MB/s", 0.0);
    }
    let plans: Vec<_> = json.iter().flat_map(|plan| forebay_plan::read(plan)).flatten().collect();
    let samples = (0..PAIRS).map(|_| {
        let began = Instant::now();
        for plan in &plans {
            black_box(forebay_plan::findings(black_box(plan)));
        }
        began.elapsed().as_secs_f64() * 1e6 / plans.len() as f64
    });
    report.spread("plan.findings_us_per_plan", Aim::None, Summary::of(samples.collect()), "µs", 0.0);
    Ok(())
}

fn rounds(plans: &[&str]) -> usize {
    let bytes: usize = plans.iter().map(|plan| plan.len()).sum();
    BYTES.div_ceil(bytes.max(1))
}

fn megabytes(plans: &[&str]) -> f64 {
    let bytes: usize = plans.iter().map(|plan| plan.len()).sum();
    (rounds(plans) * bytes) as f64 / 1e6
}

fn time(plans: &[&str], read: impl Fn(&str)) -> Duration {
    let began = Instant::now();
    for _ in 0..rounds(plans) {
        plans.iter().for_each(|plan| read(plan));
    }
    began.elapsed()
}
