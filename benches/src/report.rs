use crate::{Aim, Summary};
use anyhow::Context as _;
use serde_json::{Map, Value, json};
use std::{fs, path::PathBuf, time::Duration};

/// How many interleaved pairs a ratio takes unless there is a reason for more.
pub const PAIRS: usize = 21;

/// The figures of one area: printed as they are measured, written to `target/bench/AREA.json` at the end.
///
/// A closure given to a ratio does a fixed amount of work and returns the time it took, so that set-up inside
/// it does not count.
#[derive(Debug)]
pub struct Report {
    area: &'static str,
    figures: Map<String, Value>,
    peers: Map<String, Value>,
    noise: f64,
}

#[expect(clippy::print_stdout, reason = "printing figures is this program's output")]
impl Report {
    /// Starts the report of an area such as `cache`.
    #[must_use]
    pub fn new(area: &'static str) -> Self {
        println!("bench {area}: ours and the peers interleaved, median of pairs [first, third quartile]");
        Self { area, figures: Map::new(), peers: Map::new(), noise: 0.0 }
    }

    /// Names a peer and the version measured.
    pub fn peer(&mut self, name: &str, version: &str) {
        println!("peer {name} {version}");
        self.peers.insert(name.into(), version.into());
    }

    /// Times `subject` against itself: the spread of this line is what the machine can resolve. Later aims
    /// allow for it.
    pub fn same_against_same(&mut self, name: &str, pairs: usize, mut subject: impl FnMut() -> Duration) {
        let samples = (0..pairs).map(|_| seconds(subject()) / seconds(subject())).collect();
        let summary = Summary::of(samples);
        self.noise = summary.noise();
        self.print(&format!("{name}_aa"), summary, "ratio", Aim::None, 0.0);
    }

    /// The time of `ours` over the time of `theirs`: smaller is better.
    pub fn time_ratio(
        &mut self,
        name: &str,
        aim: Aim,
        pairs: usize,
        mut ours: impl FnMut() -> Duration,
        mut theirs: impl FnMut() -> Duration,
    ) {
        let samples = (0..pairs).map(|pair| {
            let (us, them) = interleaved(pair, &mut ours, &mut theirs);
            us / them
        });
        self.print(name, Summary::of(samples.collect()), "ratio", aim, self.noise);
    }

    /// The throughput of `ours` over that of `theirs` on the same amount of work: larger is better.
    pub fn throughput_ratio(
        &mut self,
        name: &str,
        aim: Aim,
        pairs: usize,
        mut ours: impl FnMut() -> Duration,
        mut theirs: impl FnMut() -> Duration,
    ) {
        let samples = (0..pairs).map(|pair| {
            let (us, them) = interleaved(pair, &mut ours, &mut theirs);
            them / us
        });
        self.print(name, Summary::of(samples.collect()), "ratio", aim, self.noise);
    }

    /// A single value, such as a count of allocations or a size.
    pub fn value(&mut self, name: &str, aim: Aim, value: f64, unit: &str, samples: usize) {
        let summary = Summary { median: value, low: value, high: value, samples };
        // A count or a size has no noise to allow for.
        self.print(name, summary, unit, aim, 0.0);
    }

    /// Writes `target/bench/AREA.json`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self) -> anyhow::Result<()> {
        let folder = target_folder().join("bench");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join(self.area).with_extension("json");
        let text = serde_json::to_string_pretty(&json!({ "figures": self.figures, "peers": self.peers }))?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    fn print(&mut self, name: &str, s: Summary, unit: &str, aim: Aim, noise: f64) {
        let verdict = match aim.is_met(s.median, noise) {
            Some(true) => format!("  ({aim}: met)"),
            Some(false) => format!("  ({aim}: NOT met)"),
            None => String::new(),
        };
        let spread = if s.low == s.high { String::new() } else { format!("  [{:.3}, {:.3}]", s.low, s.high) };
        println!("figure {name} {:.3} {unit}{spread}{verdict}", s.median);
        self.figures.insert(
            name.into(),
            json!({ "value": s.median, "unit": unit, "samples": s.samples, "low": s.low, "high": s.high }),
        );
    }
}

/// One pair, in alternating order so that neither side always runs second.
fn interleaved(
    pair: usize,
    ours: &mut impl FnMut() -> Duration,
    theirs: &mut impl FnMut() -> Duration,
) -> (f64, f64) {
    if pair.is_multiple_of(2) {
        let us = ours();
        (seconds(us), seconds(theirs()))
    } else {
        let them = theirs();
        (seconds(ours()), seconds(them))
    }
}

/// Never zero, so that a ratio is a number.
fn seconds(d: Duration) -> f64 {
    d.as_secs_f64().max(1e-9)
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}
