//! The pool beside deadpool-postgres, and many rows beside one by one. Needs a lab: `cargo xtask bench pool`. Names of
//! groups given as arguments narrow it.

mod bulk;
mod faults;
mod requests;
mod spike;

use forebay_benches::{Group, Report, chosen, version_of};

const GROUPS: [Group; 4] =
    [("requests", requests::run), ("faults", faults::run), ("bulk", bulk::run), ("spike", spike::run)];

fn main() -> anyhow::Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let groups = chosen(&GROUPS, &asked)?;
    let mut report = Report::new("pool");
    report.peer("deadpool-postgres", version_of("deadpool-postgres"));
    report.measure(&groups)?;
    report.finish()
}
