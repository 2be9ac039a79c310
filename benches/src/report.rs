use crate::{Aim, Group, Summary};
use anyhow::Context as _;
use serde_json::{Map, Value, json};
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

/// How many interleaved pairs a ratio takes unless there is a reason for another number.
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
    missed: Vec<String>,
}

#[expect(clippy::print_stdout, reason = "printing figures is this program's output")]
impl Report {
    /// Starts the report of an area such as `cache`.
    #[must_use]
    pub fn new(area: &'static str) -> Self {
        println!("bench {area}: ours and the peers interleaved, median of pairs [first, third quartile]");
        Self { area, figures: Map::new(), peers: Map::new(), noise: 0.0, missed: Vec::new() }
    }

    /// Names a peer and the version measured; see [`version_of`](crate::version_of).
    pub fn peer(&mut self, name: &str, version: &str) {
        println!("peer {name} {version}");
        self.peers.insert(name.into(), version.into());
    }

    /// Measures these groups one after the other, and says which one is under way. Each begins without a known noise.
    ///
    /// # Errors
    /// What the first group says that fails.
    pub fn measure(&mut self, groups: &[Group]) -> anyhow::Result<()> {
        for (done, (name, group)) in groups.iter().enumerate() {
            println!("group {name} ({} of {})", done + 1, groups.len());
            let began = Instant::now();
            self.noise = 0.0;
            group(self).with_context(|| format!("group {name}"))?;
            println!("group {name} took {:.1} s", began.elapsed().as_secs_f64());
        }
        Ok(())
    }

    /// Says how far something is that takes minutes.
    pub fn progress(&self, text: &str) {
        println!("{}: {text}", self.area);
    }

    /// Times `subject` against itself: the spread of this line is what the machine can resolve. Later aims of the group
    /// allow for it.
    pub fn same_against_same(&mut self, name: &str, pairs: usize, mut subject: impl FnMut() -> Duration) {
        let samples = (0..pairs).map(|_| seconds(subject()) / seconds(subject())).collect();
        let summary = Summary::of(samples);
        self.noise = summary.noise();
        self.spread(&format!("{name}_aa"), Aim::None, summary, "ratio", 0.0);
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
        self.spread(name, aim, Summary::of(samples.collect()), "ratio", self.noise);
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
        self.spread(name, aim, Summary::of(samples.collect()), "ratio", self.noise);
    }

    /// A single value, such as a count of allocations or a size.
    pub fn value(&mut self, name: &str, aim: Aim, value: f64, unit: &str, samples: usize) {
        let summary = Summary { median: value, low: value, high: value, samples };
        // A count or a size has no noise to allow for.
        self.spread(name, aim, summary, unit, 0.0);
    }

    /// Samples that the caller took. The aim allows for `noise`, a share of the value.
    pub fn spread(&mut self, name: &str, aim: Aim, s: Summary, unit: &str, noise: f64) {
        let met = aim.is_met(s.median, noise);
        let verdict = match met {
            Some(true) => format!("  ({aim}: met)"),
            Some(false) => format!("  ({aim}: NOT met)"),
            None => String::new(),
        };
        let spread = if s.low == s.high { String::new() } else { format!("  [{:.3}, {:.3}]", s.low, s.high) };
        println!("figure {name} {:.3} {unit}{spread}{verdict}", s.median);
        if met == Some(false) {
            self.missed.push(name.to_owned());
        }
        let mut figure = json!({
            "value": s.median, "unit": unit, "samples": s.samples, "low": s.low, "high": s.high,
        });
        if let Some(met) = met {
            figure["aim"] = aim.to_string().into();
            figure["met"] = met.into();
        }
        self.figures.insert(name.into(), figure);
    }

    /// Writes `target/bench/AREA.json`, and names what did not reach its aim.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self) -> anyhow::Result<()> {
        let folder = target_folder().join("bench");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join(self.area).with_extension("json");
        let text = serde_json::to_string_pretty(&json!({ "figures": self.figures, "peers": self.peers }))?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        let missed = if self.missed.is_empty() { "none".to_owned() } else { self.missed.join(", ") };
        println!("{} figures are in {}; aims not met: {missed}", self.figures.len(), file.display());
        Ok(())
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
