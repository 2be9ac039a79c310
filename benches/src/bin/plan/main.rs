//! How `forebay-plan` is judged: its advice by indexes that are really built, its findings by faults and repetitions that
//! were planted, its observers and its reader by what they cost. Needs a lab: `cargo xtask bench plan`. Names of groups given as arguments narrow it.

mod advice;
mod faults;
mod nplus1;
mod observer;
mod parse;

use forebay_benches::{Group, Report, chosen, version_of};

const GROUPS: [Group; 5] = [
    // These two on servers of their own.
    ("advice", advice::run),
    ("faults", faults::run),
    ("nplus1", nplus1::run),
    ("observer", observer::run),
    ("parse", parse::run),
];

fn main() -> anyhow::Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let groups = chosen(&GROUPS, &asked)?;
    let mut report = Report::new("plan");
    report.peer("serde_json", version_of("serde_json"));
    report.measure(&groups)?;
    report.finish()
}
