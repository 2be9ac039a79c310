//! Repetitions in requests, against those that were planted: the scenarios of forebay-plan's own test, counted.

#[path = "../../../../crates/forebay-plan/tests/nplus1/scenarios/mod.rs"]
mod scenarios;

use anyhow::Result;
use forebay_benches::{Aim, Report};
use scenarios::{Ground, all};

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let scenarios = all();
    let (mut wrong, mut found, mut exact) = (0, 0, 0);
    runtime.block_on(async {
        let ground = Ground::new("bench_nplus1").await;
        for scenario in &scenarios {
            let repetitions = scenario.found(&ground).await;
            let patterns: Vec<_> = repetitions.iter().map(|repetition| repetition.pattern).collect();
            let is_right = scenario.is_right(&repetitions);
            if scenario.planted.is_empty() {
                wrong += usize::from(!repetitions.is_empty());
            } else {
                found += usize::from(scenario.planted.iter().all(|pattern| patterns.contains(pattern)));
                exact += usize::from(is_right);
            }
            if !is_right {
                report.progress(&format!(
                    "{}: {:?} planted, {patterns:?} found",
                    scenario.name, scenario.planted
                ));
            }
        }
    });
    let clean = scenarios.iter().filter(|scenario| scenario.planted.is_empty()).count();
    let planted = scenarios.len() - clean;
    report.value("nplus1.false_positives", Aim::AtMost(0.0), f64::from(wrong as u32), "requests", clean);
    report.value("nplus1.recall", Aim::AtLeast(1.0), found as f64 / planted as f64, "share", planted);
    report.value("nplus1.exact", Aim::None, exact as f64 / planted as f64, "share", planted);
    Ok(())
}
