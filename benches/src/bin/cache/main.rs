//! The cache beside what people would use instead: hits in memory, remote tiers beside their bare clients, what
//! invalidations cost, hit ratios, and how cost grows. Names of groups given as arguments narrow it.

mod growth;
mod hits;
mod macros;
mod memcached;
mod nodes;
mod outage;
mod ratio;
mod redis;
mod sizes;
mod subjects;

use forebay_benches::Report;

type Group = fn(&mut Report) -> anyhow::Result<()>;

const GROUPS: [(&str, Group); 9] = [
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
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let mut report = Report::new("cache");
    for (peer, version) in [
        ("quick_cache", "0.7.0"),
        ("moka", "0.12.16"),
        ("cached", "4.1.0"),
        ("foyer", "0.22.6"),
        ("fred", "10.1.0"),
        ("memcache", "0.21.0"),
    ] {
        report.peer(peer, version);
    }
    for (name, group) in GROUPS {
        if asked.is_empty() || asked.iter().any(|wanted| wanted == name) {
            group(&mut report)?;
        }
    }
    report.finish()
}
