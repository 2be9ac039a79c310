//! Responses: cached hits and 304s against a server that sends ready bytes, what an idle layer costs, one-off bodies and streams
//! beside tower-http, field masks beside a tree, and caching web servers beside all of it. Names of groups given as arguments
//! narrow it.
//!
//! Each subject of ours is an axum server on a thread of its own; one client keeps eight connections busy over
//! loopback. tower-http shares this build's flate2 and so runs on zlib-rs, which is faster than the backend
//! its users get by default; our whole bodies of gzip and deflate go through libdeflate (feature `libdeflate`).

mod allocations;
mod bodies;
mod client;
mod decoded;
mod fields;
mod hits;
mod idle;
mod one_off;
mod server;
mod servers;
mod streams;

use forebay_benches::{Group, Report, chosen, version_of};

const GROUPS: [Group; 6] = [
    ("hits", hits::run),
    ("idle", idle::run),
    ("one-off", one_off::run),
    ("streams", streams::run),
    ("fields", fields::run),
    ("servers", servers::run),
];

fn main() -> anyhow::Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let groups = chosen(&GROUPS, &asked)?;
    let mut report = Report::new("response");
    for peer in ["axum", "tower-http", "serde_json"] {
        report.peer(peer, version_of(peer));
    }
    report.measure(&groups)?;
    report.finish()
}
