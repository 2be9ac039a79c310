use super::{
    measure::Measured,
    table::{database_cpu, service_cpu},
};
use crate::{load::Report, terminal};
use anyhow::Context;
use serde_json::{Map, Value, json};
use std::path::Path;

/// What a figure should reach.
#[derive(Debug, Clone, Copy)]
enum Aim {
    AtLeast(f64),
    AtMost(f64),
    None,
}

/// A value with the spread of its samples.
#[derive(Debug, Clone, Copy)]
struct Spread {
    median: f64,
    low: f64,
    high: f64,
    samples: usize,
}

impl Spread {
    fn of(samples: &[f64]) -> Self {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1) as f64;
        let at = |share: f64| sorted.get((share * last).round() as usize).copied().unwrap_or(0.0);
        Self { median: at(0.5), low: at(0.25), high: at(0.75), samples: sorted.len() }
    }

    fn one(value: f64, samples: u64) -> Self {
        Self {
            median: value,
            low: value,
            high: value,
            samples: usize::try_from(samples).unwrap_or(usize::MAX),
        }
    }
}

/// Prints the figures, one line each, and writes them to `file`.
pub(super) fn publish(measured: &Measured, freshness: &Report, file: &Path) -> anyhow::Result<()> {
    let mut figures = Figures { noise: 0.0, map: Map::new() };
    let [bare, forebay] = &measured.seen;
    let same = Spread::of(&measured.same_ratios);
    figures.add("service.throughput_vs_bare_aa", same, "ratio", Aim::None);
    // Times may miss their aim by what the machine cannot resolve; counts and sizes may not.
    figures.noise = (same.high - same.low) / 2.0;
    let asked = forebay.open.total().requests;
    let ratio = |of: f64, to: f64| Spread::one(if to > 0.0 { of / to } else { 0.0 }, asked);
    figures.add(
        "service.throughput_vs_bare",
        Spread::of(&measured.throughput_ratios),
        "ratio",
        Aim::AtLeast(10.0),
    );
    figures.add("service.p99_vs_bare", Spread::of(&measured.p99_ratios), "ratio", Aim::AtMost(0.2));
    figures.noise = 0.0;
    let queries = ratio(forebay.counted.queries_per_read(), bare.counted.queries_per_read());
    figures.add("service.db_queries_vs_bare", queries, "ratio", Aim::AtMost(0.05));
    let both_cpu = |seen| service_cpu(seen) + database_cpu(seen);
    figures.add("service.cpu_vs_bare", ratio(both_cpu(forebay), both_cpu(bare)), "ratio", Aim::None);
    let own = ratio(service_cpu(forebay), service_cpu(bare));
    figures.add("service.process_cpu_vs_bare", own, "ratio", Aim::None);
    let memory = Spread::one(forebay.resident_bytes as f64 / 1e6, 1);
    figures.add("service.memory_mb", memory, "MB", Aim::None);
    let hits = Spread::one(forebay.counted.without_query(), forebay.counted.reads);
    figures.add("service.hit_ratio", hits, "ratio", Aim::AtLeast(0.95));
    let bytes = ratio(forebay.open.total().bytes_per_response(), bare.open.total().bytes_per_response());
    figures.add("service.bytes_vs_bare", bytes, "ratio", Aim::AtMost(0.4));
    let stale = Spread::one(freshness.freshness.stale as f64, freshness.freshness.checked);
    figures.add("service.stale_reads", stale, "answers", Aim::AtMost(0.0));
    figures.write(measured, freshness, file)
}

struct Figures {
    noise: f64,
    map: Map<String, Value>,
}

impl Figures {
    fn add(&mut self, name: &str, of: Spread, unit: &str, aim: Aim) {
        let verdict = match aim {
            Aim::AtLeast(bar) if of.median * (1.0 + self.noise) >= bar => format!("  (aim ≥ {bar}: met)"),
            Aim::AtLeast(bar) => format!("  (aim ≥ {bar}: NOT met)"),
            Aim::AtMost(bar) if of.median * (1.0 - self.noise) <= bar => format!("  (aim ≤ {bar}: met)"),
            Aim::AtMost(bar) => format!("  (aim ≤ {bar}: NOT met)"),
            Aim::None => String::new(),
        };
        let has_spread = of.low.to_bits() != of.high.to_bits();
        let spread = if has_spread { format!("  [{:.3}, {:.3}]", of.low, of.high) } else { String::new() };
        terminal::result(&format!("figure {name} {:.4} {unit}{spread}{verdict}", of.median));
        let (value, low, high) = (of.median, of.low, of.high);
        self.map.insert(
            name.to_owned(),
            json!({ "value": value, "unit": unit, "samples": of.samples, "low": low, "high": high }),
        );
    }

    fn write(self, measured: &Measured, freshness: &Report, file: &Path) -> anyhow::Result<()> {
        let [bare, forebay] = &measured.seen;
        let text = serde_json::to_string_pretty(&json!({
            "figures": self.map,
            "bare": { "closed": bare.closed.json(), "open": bare.open.json() },
            "forebay": { "closed": forebay.closed.json(), "open": forebay.open.json() },
            "freshness": freshness.json(),
        }))?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }
}
