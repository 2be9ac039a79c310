//! The pool beside deadpool-postgres, bb8-postgres and sqlx; what faults of others cost; many rows beside one by one. Needs a
//! lab: `cargo xtask bench pool`. Names of groups given as arguments narrow it.

mod balance;
mod bulk;
mod faults;
mod lane;
mod observer;
mod own_writes;
mod replayed;
mod requests;
mod spike;
mod staged;
mod subjects;

use forebay_benches::{Group, Report, chosen, version_of};

const GROUPS: [Group; 8] = [
    ("requests", requests::run),
    ("lane", lane::run),
    ("observer", observer::run),
    ("faults", faults::run),
    ("balance", balance::run),
    ("own-writes", own_writes::run),
    ("bulk", bulk::run),
    ("spike", spike::run),
];

fn main() -> anyhow::Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let groups = chosen(&GROUPS, &asked)?;
    let mut report = Report::new("pool");
    for peer in ["deadpool-postgres", "bb8-postgres", "sqlx"] {
        report.peer(peer, version_of(peer));
    }
    report.measure(&groups)?;
    report.finish()
}
