use super::{database_cpu, service};
use crate::{
    load::{Address, Fleet, Report},
    stats::{Lookups, Stats},
    terminal,
};
use std::{collections::BTreeMap, time::Duration};

/// One mode under load.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) name: &'static str,
    pub(super) database: &'static str,
    pub(super) address: Address,
    pub(super) fleet: Fleet,
    pub(super) warm_up: WarmUp,
}

/// How much load a mode has seen before it is measured. A number of requests, so that a slow machine measures the same state as a
/// fast one.
#[derive(Debug, Clone, Copy)]
pub(super) struct WarmUp {
    pub(super) requests: u64,
    /// It ends by then, in slices of the plan.
    pub(super) slices_max: u32,
}

/// What one mode did.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Closed loop, all slices.
    pub(super) closed: Report,
    /// Open loop, all slices.
    pub(super) open: Report,
    /// Processor seconds of the service in the closed loop.
    pub(super) cpu_seconds: f64,
    /// Processor seconds of its database sessions in the closed loop; `None` where they cannot be seen.
    pub(super) database_cpu_seconds: Option<f64>,
    /// What the service counted in the open loop, in which both modes are asked the same.
    pub(super) counted: Counted,
    /// Resident memory after all load, in bytes.
    pub(super) resident_bytes: u64,
}

/// Differences of a service's totals.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) reads: u64,
    pub(super) reads_without_query: u64,
    pub(super) read_queries: u64,
    pub(super) tiers: BTreeMap<String, Lookups>,
}

impl Counted {
    fn add(&mut self, before: &Stats, after: &Stats) {
        self.reads += after.reads - before.reads;
        self.reads_without_query += after.reads_without_query - before.reads_without_query;
        self.read_queries += after.read_queries - before.read_queries;
        for (tier, now) in &after.tiers {
            let then = before.tiers.get(tier).copied().unwrap_or_default();
            let sum = self.tiers.entry(tier.clone()).or_default();
            sum.hits += now.hits - then.hits;
            sum.misses += now.misses - then.misses;
        }
    }

    pub(super) fn queries_per_read(&self) -> f64 {
        self.read_queries as f64 / self.reads.max(1) as f64
    }

    pub(super) fn without_query(&self) -> f64 {
        self.reads_without_query as f64 / self.reads.max(1) as f64
    }
}

/// Both modes, and how they compare slice by slice.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// Bare, then forebay.
    pub(super) seen: [Seen; 2],
    /// Requests per second, forebay over bare, per pair of slices.
    pub(super) throughput_ratios: Vec<f64>,
    /// Requests per second of a slice of bare over the one before: what this machine can resolve.
    pub(super) same_ratios: Vec<f64>,
    /// 99th percentile of latency, forebay over bare, per pair.
    pub(super) p99_ratios: Vec<f64>,
    /// The rate of the open loop.
    pub(super) open_rate: f64,
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) slice: Duration,
    pub(super) pairs: usize,
}

/// The share of bare's throughput that the open loop asks for.
const OPEN_SHARE: f64 = 0.6;

/// Warm-up goes on for so many slices before it says how far it is.
const WARM_UP_STEP: u32 = 5;

/// Warm-up, closed loop, open loop; the modes take turns, and which goes first alternates. Blocks.
pub(super) fn measure(sides: &mut [Side; 2], plan: Plan) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    for side in &mut *sides {
        warm_up(side, plan.slice)?;
    }
    throughput(sides, plan, &mut measured)?;
    measured.open_rate = OPEN_SHARE * measured.seen[0].closed.per_second();
    latency(sides, plan, &mut measured)?;
    for (side, seen) in sides.iter().zip(&mut measured.seen) {
        seen.resident_bytes = service::stats(&side.address)?.resident_bytes;
    }
    Ok(measured)
}

fn warm_up(side: &mut Side, slice: Duration) -> anyhow::Result<()> {
    let WarmUp { requests, slices_max } = side.warm_up;
    terminal::progress(&format!("warm-up: {}, {requests} requests", side.name));
    let (mut sent, mut slices) = (0, 0);
    while sent < requests && slices < slices_max {
        let mut counted = Counted::default();
        let before = service::stats(&side.address)?;
        let step = side.fleet.closed(slice * WARM_UP_STEP);
        counted.add(&before, &service::stats(&side.address)?);
        let (rate, share) = (step.per_second(), counted.without_query() * 100.0);
        terminal::progress(&format!("warm-up: {rate:.0}/s, {share:.1} % of reads without a query"));
        sent += step.total().requests;
        slices += WARM_UP_STEP;
    }
    Ok(())
}

fn throughput(sides: &mut [Side; 2], plan: Plan, measured: &mut Measured) -> anyhow::Result<()> {
    let mut bare_before = None;
    for pair in 0..plan.pairs {
        let mut rates = [0.0; 2];
        for index in order(pair) {
            rates[index] = closed(&mut sides[index], &mut measured.seen[index], plan.slice)?;
        }
        let [bare, forebay] = rates;
        let at = pair + 1;
        terminal::progress(&format!(
            "throughput {at:>2}/{}: bare {bare:6.0}/s, forebay {forebay:6.0}/s",
            plan.pairs
        ));
        measured.throughput_ratios.push(forebay / bare);
        measured.same_ratios.extend(bare_before.replace(bare).map(|before| bare / before));
    }
    Ok(())
}

fn latency(sides: &mut [Side; 2], plan: Plan, measured: &mut Measured) -> anyhow::Result<()> {
    let rate = measured.open_rate;
    for pair in 0..plan.pairs {
        let mut p99 = [0.0; 2];
        for index in order(pair) {
            p99[index] = open(&mut sides[index], &mut measured.seen[index], rate, plan.slice)?;
        }
        let [bare, forebay] = p99;
        let at = pair + 1;
        terminal::progress(&format!(
            "latency {at:>2}/{} at {rate:.0}/s: 99th percentile bare {bare:.2} ms, forebay {forebay:.2} ms",
            plan.pairs
        ));
        measured.p99_ratios.push(forebay / bare);
    }
    Ok(())
}

/// Which of the two goes first alternates, so that neither always runs on the other's heels.
const fn order(pair: usize) -> [usize; 2] {
    if pair.is_multiple_of(2) { [0, 1] } else { [1, 0] }
}

/// One slice of closed loop; returns requests per second.
fn closed(side: &mut Side, seen: &mut Seen, length: Duration) -> anyhow::Result<f64> {
    let before = (service::stats(&side.address)?, database_cpu::sessions(side.database));
    let slice = side.fleet.closed(length);
    let after = (service::stats(&side.address)?, database_cpu::sessions(side.database));
    seen.cpu_seconds += after.0.cpu_seconds - before.0.cpu_seconds;
    if let (Some(before), Some(after)) = (before.1, after.1) {
        // A session that ended takes its time with it; none does while a pool is busy.
        *seen.database_cpu_seconds.get_or_insert(0.0) += (after - before).max(0.0);
    }
    seen.closed.seconds += slice.seconds;
    seen.closed.merge(&slice);
    Ok(slice.per_second())
}

/// One slice of open loop; returns the 99th percentile in milliseconds.
fn open(side: &mut Side, seen: &mut Seen, rate: f64, length: Duration) -> anyhow::Result<f64> {
    let before = service::stats(&side.address)?;
    let slice = side.fleet.open(rate, length);
    seen.counted.add(&before, &service::stats(&side.address)?);
    seen.open.seconds += slice.seconds;
    seen.open.merge(&slice);
    Ok(slice.total().millis(0.99))
}
