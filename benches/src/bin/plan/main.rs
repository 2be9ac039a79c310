//! How `forebay-plan` is judged: its findings by faults that were planted, its reader by its speed. Needs PostgreSQL's programs:
//! `cargo xtask bench plan`. Names of groups given as arguments narrow it.

mod faults;
mod parse;

use forebay_benches::{Group, Report, chosen, version_of};

const GROUPS: [Group; 2] = [
    // The one that takes minutes.
    ("faults", faults::run),
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
