use super::{
    acks::Acks,
    answer::Answer,
    check::{self, PAYMENT_CENTS},
    connection::{Address, Connection},
    report::Report,
    workload::{Route, Workload},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::{
    collections::HashMap,
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

/// URLs a client keeps validators for.
const REMEMBERED_MAX: usize = 8192;
/// One body in so many is decoded and checked.
const CHECKED_ONE_IN: u32 = 256;

/// What all clients of a run share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) workload: Workload,
    pub(crate) acks: Acks,
    /// How far another node than the one that took a payment may be behind.
    pub(crate) bound: Duration,
}

/// One client: a connection, what it accepts, what it remembers.
#[derive(Debug)]
pub(crate) struct Client {
    shared: Arc<Shared>,
    /// Where it reads.
    reads: Target,
    /// Where it pays; `None` when that is where it reads.
    pays: Option<Target>,
    accepts: &'static str,
    /// Validators by path, for clients that send them.
    remembered: Option<HashMap<String, Vec<u8>>>,
    /// The page after the last ledger page it saw.
    next_page: Option<(usize, String)>,
    rng: StdRng,
    request: String,
    answers: u32,
}

#[derive(Debug)]
struct Target {
    address: Address,
    connection: Option<Connection>,
}

impl Target {
    fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        let connection = match self.connection.take() {
            Some(open) => open,
            None => Connection::open(&self.address)?,
        };
        // Kept only while its exchanges end well: a failed one drops it.
        let kept = self.connection.insert(connection);
        kept.exchange(request)
    }
}

impl Client {
    /// The `number`th client. Of twenty, ten accept br and gzip, six gzip only, four nothing; every second one
    /// of each sends back validators.
    pub(crate) fn new(shared: Arc<Shared>, targets: &[Address], number: usize, seed: u64) -> Self {
        let reads = targets[number % targets.len()].clone();
        let pays = (!number.is_multiple_of(targets.len())).then(|| targets[0].clone());
        let kind = (number / targets.len()) % 20;
        let accepts = match kind {
            0..10 => "accept-encoding: gzip, deflate, br\r\n",
            10..16 => "accept-encoding: gzip\r\n",
            _ => "",
        };
        let open = |address| Target { address, connection: None };
        Self {
            shared,
            reads: open(reads),
            pays: pays.map(open),
            accepts,
            remembered: kind.is_multiple_of(2).then(HashMap::new),
            next_page: None,
            rng: StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(number as u64)),
            request: String::with_capacity(512),
            // Spread, so that not every client checks at once.
            answers: number as u32 * 37,
        }
    }

    /// Sends one request and records its answer; the latency counts from `due`, or from the sending.
    pub(crate) fn once(&mut self, due: Option<Instant>, report: &mut Report) {
        let route = self.shared.workload.route(&mut self.rng);
        let outcome = match route {
            Route::Payment => self.pay(due, report),
            _ => self.read(route, due, report),
        };
        if let Err(error) = outcome {
            self.reads.connection = None;
            self.pays.iter_mut().for_each(|target| target.connection = None);
            report.failed(format!("{}: {error:#}", route.name()));
            // A service that is down is not to be asked in a tight loop.
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn pay(&mut self, due: Option<Instant>, report: &mut Report) -> anyhow::Result<()> {
        let (place, account) = self.shared.workload.account(&mut self.rng);
        let target = self.pays.as_mut().unwrap_or(&mut self.reads);
        let body = format!("{{\"amount_cents\":{PAYMENT_CENTS},\"memo\":\"standing order\"}}");
        self.request.clear();
        write!(
            self.request,
            "POST /accounts/{account}/payments HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            target.address.host,
            body.len()
        )?;
        let begun = due.unwrap_or_else(Instant::now);
        let answer = target.exchange(self.request.as_bytes())?;
        let latency = begun.elapsed();
        anyhow::ensure!(answer.head.status == 201, "status {}", answer.head.status);
        let version = answer.head.version.ok_or_else(|| anyhow::anyhow!("no version"))?;
        report.route(Route::Payment).record(latency, answer.wire_bytes(), false);
        self.shared.acks.acknowledged(place, version);
        Ok(())
    }

    fn read(&mut self, route: Route, due: Option<Instant>, report: &mut Report) -> anyhow::Result<()> {
        let (place, path) = self.path(route);
        self.request.clear();
        let host = &self.reads.address.host;
        write!(self.request, "GET {path} HTTP/1.1\r\nhost: {host}\r\n{}", self.accepts)?;
        let known = self.remembered.as_ref().and_then(|known| known.get(&path));
        if let Some(etag) = known {
            write!(self.request, "if-none-match: {}\r\n", String::from_utf8_lossy(etag))?;
        }
        self.request.push_str("\r\n");
        let newest = place.map(|place| (place, self.shared.acks.newest(place)));
        let sent = Instant::now();
        let answer = self.reads.exchange(self.request.as_bytes())?;
        let latency = due.unwrap_or(sent).elapsed();
        let not_modified = answer.head.status == 304;
        anyhow::ensure!(answer.head.status == 200 || not_modified, "status {}", answer.head.status);
        report.route(route).record(latency, answer.wire_bytes(), not_modified);
        if let Some((place, newest)) = newest {
            let version = answer.head.version.ok_or_else(|| anyhow::anyhow!("no version"))?;
            let bound = if self.pays.is_some() { self.shared.bound } else { Duration::ZERO };
            let behind = (version < newest).then(|| self.shared.acks.behind(place, version, sent)).flatten();
            fresh(behind, bound, report);
        }
        // Counted, not drawn: the sequence of requests must not depend on the answers' kind.
        self.answers += 1;
        if !not_modified && self.answers.is_multiple_of(CHECKED_ONE_IN) {
            check::body(route, &answer)?;
            report.bodies_checked += 1;
        }
        if let Some(known) = &mut self.remembered
            && let Some(etag) = answer.etag()
            && (known.len() < REMEMBERED_MAX || known.contains_key(&path))
        {
            known.insert(path, etag.to_vec());
        }
        if let (Route::Ledger, Some(place)) = (route, place) {
            self.next_page = answer.next().map(|next| (place, next.to_owned()));
        }
        Ok(())
    }

    /// Whom a read is about (by place), and its path. Half of those who saw a ledger page with more behind it
    /// go on to the next one.
    fn path(&mut self, route: Route) -> (Option<usize>, String) {
        if route == Route::Search {
            return (None, format!("/search?q={}", self.shared.workload.search(&mut self.rng)));
        }
        if route == Route::Ledger
            && let Some((place, next)) = self.next_page.take()
            && self.rng.random_bool(0.5)
        {
            return (Some(place), next);
        }
        let (place, account) = self.shared.workload.account(&mut self.rng);
        (Some(place), format!("/accounts/{account}/{}", route.name()))
    }
}

fn fresh(behind: Option<Duration>, bound: Duration, report: &mut Report) {
    let seen = &mut report.freshness;
    seen.checked += 1;
    let Some(behind) = behind else { return };
    seen.largest_ms = seen.largest_ms.max(behind.as_secs_f64() * 1000.0);
    if behind > bound {
        seen.stale += 1;
    } else {
        seen.behind_within_bound += 1;
    }
}
