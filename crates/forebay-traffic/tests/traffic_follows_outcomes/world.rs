//! A fleet of servers on a virtual clock, called by arrivals that do not wait for answers. The same seed gives the
//! same run.

use forebay_traffic::{Balancer, BalancerConfig, Call, Standing, Terms};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    time::Duration,
};

/// How a server serves, now; a test may change it between runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server {
    /// The middle of its service times, which are spread log-normally.
    pub(crate) median: Duration,
    pub(crate) sigma: f64,
    /// Calls it serves at once; others wait in its queue.
    pub(crate) slots: usize,
    /// The share of calls that fail, each after `fails_after`.
    pub(crate) fails: f64,
    pub(crate) fails_after: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            median: Duration::from_millis(5),
            sigma: 0.7,
            slots: 16,
            fails: 0.0,
            fails_after: Duration::from_millis(2),
        }
    }
}

/// What came out of one run.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Calls sent to each server.
    pub(crate) calls: Vec<usize>,
    pub(crate) failed: usize,
    latencies: Vec<u64>,
}

impl Run {
    /// The share of calls that one server got.
    pub(crate) fn share(&self, server: usize) -> f64 {
        self.calls[server] as f64 / self.calls.iter().sum::<usize>() as f64
    }

    /// 99 of 100 calls that arrived in this run and were answered by its end took no longer; failures included.
    pub(crate) fn p99(&mut self) -> Duration {
        self.latencies.sort_unstable();
        Duration::from_nanos(self.latencies[self.latencies.len() * 99 / 100])
    }
}

#[derive(Debug)]
struct UnderWay {
    call: Call,
    arrived: u64,
    fails: bool,
}

#[derive(Debug, Default)]
struct Desk {
    busy: usize,
    queue: VecDeque<(UnderWay, u64)>,
}

pub(crate) struct World {
    pub(crate) balancer: Balancer,
    pub(crate) servers: Vec<Server>,
    /// Terms of each server; `None` makes it no candidate.
    pub(crate) terms: Vec<Option<Terms>>,
    /// Calls a second.
    pub(crate) rate: f64,
    rng: StdRng,
    now: u64,
    desks: Vec<Desk>,
    /// When the call at this place of `serving` ends.
    ends: BinaryHeap<Reverse<(u64, usize)>>,
    serving: Vec<Option<(usize, UnderWay)>>,
    free: Vec<usize>,
}

impl World {
    pub(crate) fn new(config: BalancerConfig, servers: Vec<Server>, rate: f64) -> Self {
        let names = (0..servers.len()).map(|index| format!("server-{index}"));
        Self {
            balancer: Balancer::new(config, names).expect("a valid configuration"),
            terms: vec![Some(Terms::default()); servers.len()],
            desks: servers.iter().map(|_| Desk::default()).collect(),
            servers,
            rate,
            rng: StdRng::seed_from_u64(7),
            now: 0,
            ends: BinaryHeap::new(),
            serving: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Serves arrivals for this long.
    pub(crate) async fn run(&mut self, span: Duration) -> Run {
        let mut run = Run { calls: vec![0; self.servers.len()], ..Run::default() };
        let (began, until) = (self.now, self.now + span.as_nanos() as u64);
        let mut arrival = self.next_arrival();
        loop {
            match self.ends.peek() {
                Some(&Reverse((end, place))) if end <= arrival.min(until) => {
                    self.ends.pop();
                    self.advance_to(end).await;
                    self.end(place, began, &mut run);
                }
                _ if arrival < until => {
                    self.advance_to(arrival).await;
                    self.arrive(&mut run);
                    arrival = self.next_arrival();
                }
                _ => break,
            }
        }
        self.advance_to(until).await;
        run
    }

    pub(crate) fn standing(&self, server: usize) -> Standing {
        self.balancer.status()[server].standing
    }

    fn next_arrival(&mut self) -> u64 {
        let wait = -(1.0 - self.rng.random::<f64>()).ln() / self.rate;
        self.now + (wait * 1e9) as u64
    }

    async fn advance_to(&mut self, time: u64) {
        tokio::time::advance(Duration::from_nanos(time - self.now)).await;
        self.now = time;
    }

    fn arrive(&mut self, run: &mut Run) {
        let index = self.balancer.pick_by(self.rng.random(), |index| self.terms[index]);
        let index = index.expect("there is a candidate");
        run.calls[index] += 1;
        let server = self.servers[index];
        let fails = self.rng.random_bool(server.fails);
        let service =
            if fails { server.fails_after } else { server.median.mul_f64(self.spread(server.sigma)) };
        let call = self.balancer.member(index).expect("it was picked").start();
        let under_way = UnderWay { call, arrived: self.now, fails };
        if self.desks[index].busy < server.slots {
            self.serve(index, under_way, service.as_nanos() as u64);
        } else {
            self.desks[index].queue.push_back((under_way, service.as_nanos() as u64));
        }
    }

    /// A log-normal factor around 1, from two uniform numbers (Box and Muller).
    fn spread(&mut self, sigma: f64) -> f64 {
        let (radius, angle) = (1.0 - self.rng.random::<f64>(), self.rng.random::<f64>());
        ((-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos() * sigma).exp()
    }

    fn serve(&mut self, index: usize, under_way: UnderWay, service: u64) {
        self.desks[index].busy += 1;
        let place = self.free.pop().unwrap_or_else(|| {
            self.serving.push(None);
            self.serving.len() - 1
        });
        self.serving[place] = Some((index, under_way));
        self.ends.push(Reverse((self.now + service, place)));
    }

    fn end(&mut self, place: usize, began: u64, run: &mut Run) {
        let (index, UnderWay { call, arrived, fails }) =
            self.serving[place].take().expect("it is served once");
        self.free.push(place);
        let took = self.now - arrived;
        if arrived >= began {
            run.latencies.push(took);
            run.failed += usize::from(fails);
        }
        if fails {
            call.failed();
        } else {
            call.succeeded(Duration::from_nanos(took));
        }
        self.desks[index].busy -= 1;
        if let Some((next, service)) = self.desks[index].queue.pop_front() {
            self.serve(index, next, service);
        }
    }
}
