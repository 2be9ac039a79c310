//! Findings against faults that were planted: in each case one fault or none, on a server of its own, proven to be there by what takes
//! it away. The rules may be tuned on the open half of the seeds; the held half has seeds of its own, and forms of statement that the open
//! one never shows.

mod asking;
mod case;
mod clean;
mod draw;
mod estimates;
mod fault;
mod memory;
mod running;
mod scans;
mod server;
mod shown;
mod tables;
mod tally;
mod words;

use anyhow::{Context as _, Result};
use case::Case;
use draw::Draw;
use fault::{FAULTS, Fault, Form};
use forebay_benches::Report;
use server::{Lab, Run};
use std::{env, fs, path::PathBuf};
use tally::{Half, Judged};

/// Cases of each fault in each half, unless `FOREBAY_BENCH_SEEDS` says otherwise.
const SEEDS: u64 = 3;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let seeds = match env::var("FOREBAY_BENCH_SEEDS") {
        Ok(seeds) => seeds.parse().context("FOREBAY_BENCH_SEEDS is no number")?,
        Err(_) => SEEDS,
    };
    let cases = runtime.block_on(judge(report, seeds))?;
    tally::table(report, &cases);
    for half in Half::BOTH {
        tally::report(report, &cases, half);
    }
    Ok(())
}

async fn judge(report: &Report, seeds: u64) -> Result<Vec<Judged>> {
    let shows_held = env::var("FOREBAY_BENCH_HELD").is_ok_and(|shows| shows == "1");
    let lab = Lab::start().await?;
    let (mut judged, mut dropped) = (Vec::new(), 0);
    let all: Vec<(usize, &'static Fault)> = FAULTS.iter().enumerate().collect();
    for half in Half::BOTH {
        for (at, fault) in &all {
            for number in 0..seeds {
                // As many clean cases as planted ones.
                for fault in [Some(*fault), None] {
                    let number = if fault.is_some() { number } else { *at as u64 * seeds + number };
                    let seed = seed(fault.map(|_| *at), half, number);
                    let (name, form) = form(fault, half, number);
                    let case = form(&mut Draw::new(seed));
                    let label = format!("{} {name} seed {seed}", half.name());
                    let id = fault.map(|fault| fault.id);
                    let run = lab.run(&case, id).await.with_context(|| label.clone())?;
                    if let Some(why) = &run.dropped {
                        report.progress(&format!("dropped {label}: {why}"));
                        dropped += 1;
                        continue;
                    }
                    let case_judged = Judged { half, fault, found: found(&run)? };
                    if case_judged.is_wrong() && (half == Half::Open || shows_held) {
                        let file = keep(&label, &case, &run)?;
                        report.progress(&format!("wrong {label}: {:?}, see {file}", case_judged.found));
                    }
                    judged.push(case_judged);
                }
            }
        }
    }
    report.progress(&format!("{} cases, {dropped} dropped", judged.len()));
    Ok(judged)
}

/// The plans of a case of each kind, first as JSON and then as text, as somebody would paste them.
pub(crate) async fn printed() -> Result<Vec<[String; 2]>> {
    let lab = Lab::start().await?;
    let forms = FAULTS.iter().map(|fault| fault.open[0]).chain(clean::FORMS.iter().copied());
    let mut plans = Vec::new();
    for (seed, form) in forms.enumerate() {
        plans.push(lab.print(&form(&mut Draw::new(seed as u64))).await?);
    }
    Ok(plans)
}

/// Which form a case has: the held half begins with those that are its alone.
fn form(fault: Option<&'static Fault>, half: Half, number: u64) -> (String, Form) {
    let (name, open, held) =
        fault.map_or(("clean", clean::FORMS, clean::HELD), |fault| (fault.id, fault.open, fault.held));
    let forms = match half {
        Half::Open => open.to_vec(),
        Half::Held => [held, open].concat(),
    };
    let at = number as usize % forms.len();
    (format!("{name} form {at}"), forms[at])
}

/// Even ones are open.
fn seed(fault: Option<usize>, half: Half, number: u64) -> u64 {
    let list = fault.map_or(99, |at| at as u64);
    list * 100_000 + number * 2 + u64::from(half == Half::Held)
}

fn found(run: &Run) -> Result<Vec<&'static str>> {
    let plans = forebay_plan::read(&run.plan)?;
    let plan = plans.first().context("a plan was printed")?;
    let findings = forebay_plan::findings_with(plan, &run.circumstances);
    Ok(findings.iter().map(|finding| finding.kind.id()).collect())
}

/// Writes down what a rule's author needs to see.
fn keep(label: &str, case: &Case, run: &Run) -> Result<String> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let folder = target.join("bench/plan-faults");
    fs::create_dir_all(&folder)?;
    let file = folder.join(label.replace(' ', "-")).with_extension("txt");
    let settings: String =
        case.settings.iter().map(|(name, value)| format!("SET {name} = '{value}';\n")).collect();
    let text = format!(
        "{};\n{settings}{};\n\n{:#?}\n\n{}\n",
        case.setup.join(";\n"),
        case.statement,
        run.circumstances,
        run.plan
    );
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file.display().to_string())
}
