use super::{
    acks::Acks,
    client::{Client, Shared},
    connection::Address,
    report::Report,
    schedule::Schedule,
    workload::Workload,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Who sends, and to whom.
#[derive(Debug, Clone)]
pub(crate) struct FleetConfig {
    /// Payments go to the first, reads to all in turn.
    pub(crate) targets: Vec<Address>,
    pub(crate) connections: usize,
    pub(crate) scale: f64,
    pub(crate) seed: u64,
    pub(crate) payments_percent: u8,
    pub(crate) bound: Duration,
}

/// Clients that live through several slices of load, each with its connection, its validators, its place in
/// the sequence of requests.
#[derive(Debug)]
pub(crate) struct Fleet {
    clients: Vec<Client>,
    seed: u64,
    slices: u64,
}

impl Fleet {
    pub(crate) fn new(config: &FleetConfig) -> Self {
        let workload = Workload::new(config.scale, config.seed, config.payments_percent);
        let acks = Acks::new(workload.accounts());
        let shared = Arc::new(Shared { workload, acks, bound: config.bound });
        let client = |number| Client::new(Arc::clone(&shared), &config.targets, number, config.seed);
        Self { clients: (0..config.connections).map(client).collect(), seed: config.seed, slices: 0 }
    }

    /// Closed loop: each client sends as soon as it has its answer.
    pub(crate) fn closed(&mut self, length: Duration) -> Report {
        let end = Instant::now() + length;
        self.slice(|client, report| {
            while Instant::now() < end {
                client.once(None, report);
            }
        })
    }

    /// Open loop: requests are due at `rate` per second whatever the answers do. Requests still unsent five
    /// seconds after the end are given up and counted.
    pub(crate) fn open(&mut self, rate: f64, length: Duration) -> Report {
        let schedule = Schedule::new(rate, length, self.seed.wrapping_add(self.slices));
        let give_up = Instant::now() + length + Duration::from_secs(5);
        let mut report = self.slice(|client, report| {
            while Instant::now() < give_up
                && let Some(due) = schedule.wait()
            {
                client.once(Some(due), report);
            }
        });
        report.unsent = schedule.untaken();
        report
    }

    fn slice(&mut self, work: impl Fn(&mut Client, &mut Report) + Sync) -> Report {
        self.slices += 1;
        let begun = Instant::now();
        let work = &work;
        let mut report = Report::default();
        std::thread::scope(|threads| {
            let run = |client| {
                threads.spawn(move || {
                    let mut seen = Report::default();
                    work(client, &mut seen);
                    seen
                })
            };
            let running: Vec<_> = self.clients.iter_mut().map(run).collect();
            for client in running {
                match client.join() {
                    Ok(seen) => report.merge(&seen),
                    Err(_) => report.failed("a client panicked".to_owned()),
                }
            }
        });
        report.seconds = begun.elapsed().as_secs_f64();
        report
    }
}
