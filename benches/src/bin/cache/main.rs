//! The cache beside what people would use instead: hits in memory, remote tiers beside their bare clients, what
//! invalidations cost, hit ratios, and how cost grows. Names of groups given as arguments narrow it.

mod child;
mod growth;
mod hits;
mod macros;
mod memcached;
mod node;
mod nodes;
mod outage;
mod ratio;
mod redis;
mod sizes;
mod strings;
mod subjects;

use forebay_benches::{Group, Report, chosen, version_of};

const GROUPS: [Group; 9] = [
    ("hits", hits::run),
    ("macros", macros::run),
    ("sizes", sizes::run),
    ("growth", growth::run),
    ("ratio", ratio::run),
    ("redis", redis::run),
    ("memcached", memcached::run),
    ("nodes", nodes::run),
    ("outage", outage::run),
];

fn main() -> anyhow::Result<()> {
    if child::is_child()? {
        return Ok(());
    }
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let groups = chosen(&GROUPS, &asked)?;
    let mut report = Report::new("cache");
    for peer in ["quick_cache", "moka", "foyer", "cached", "hitbox", "hitbox-moka", "fred", "memcache"] {
        report.peer(peer, version_of(peer));
    }
    report.measure(&groups)?;
    report.finish()
}
