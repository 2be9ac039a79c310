//! `cargo xtask bench traffic`: what choosing a server costs a call, alone and with the threads of a busy service.

use forebay::traffic::{Balancer, BalancerConfig, Terms};
use forebay_benches::{Aim, PAIRS, Report, Summary};
use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

/// Calls in one sample.
const CALLS: u32 = 100_000;

fn main() -> anyhow::Result<()> {
    let mut report = Report::new("traffic");
    let balancers = [2, 10, 50].map(|members: usize| (members, balancer(members)));
    report.same_against_same("traffic.pick", PAIRS, || alone(&balancers[1].1));
    for (members, balancer) in &balancers {
        let samples = (0..PAIRS).map(|_| per_call(alone(balancer))).collect();
        let name =
            if *members == 10 { "traffic.pick_ns".into() } else { format!("traffic.pick_of_{members}_ns") };
        report.spread(&name, Aim::None, Summary::of(samples), "ns a call: pick, start, answer", 0.0);
    }
    let shared = || together(&balancers[1].1, 2);
    report.time_ratio("traffic.pick_two_threads_vs_one", Aim::None, PAIRS, shared, || alone(&balancers[1].1));
    report.finish()
}

fn balancer(members: usize) -> Balancer {
    let names = (0..members).map(|index| format!("server-{index}"));
    Balancer::new(BalancerConfig::default(), names).expect("the defaults are right")
}

fn per_call(time: Duration) -> f64 {
    time.as_nanos() as f64 / f64::from(CALLS)
}

/// Calls one after the other, each of which is answered at once.
fn alone(balancer: &Balancer) -> Duration {
    let members: Vec<_> = balancer.members().collect();
    let start = Instant::now();
    for call in 0..CALLS {
        let picked = balancer.pick(|_| Some(black_box(Terms::NEUTRAL))).expect("all are candidates");
        members[picked].start().succeeded(Duration::from_nanos(1_000_000 + u64::from(call % 64)));
    }
    start.elapsed()
}

/// The same by several threads at once, each making all of the calls.
fn together(balancer: &Balancer, threads: usize) -> Duration {
    let start = Instant::now();
    thread::scope(|scope| {
        (0..threads).for_each(|_| {
            scope.spawn(|| black_box(alone(balancer)));
        });
    });
    start.elapsed()
}
