//! The proxy as a test holds it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use super::faults::{Cut, Faults};
use super::front::{Order, serve};
use crate::port;

/// A TCP proxy on a loopback port, in front of a server, that misbehaves on demand.
///
/// It runs on a thread of its own, so a test's paused clock does not touch it. Faults add up until [`heal`](Self::heal); each is in
/// force when its method returns. Bytes already handed to the system's buffers cannot be called back. Dropping the proxy cuts its
/// connections.
#[derive(Debug)]
pub struct FaultProxy {
    addr: SocketAddr,
    faults: watch::Sender<Faults>,
    orders: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
    cuts: AtomicU64,
    trips: Arc<AtomicU64>,
}

impl FaultProxy {
    /// A proxy in front of `server`: `HOST:PORT`, or an address such as `redis://HOST:PORT/0`.
    ///
    /// # Errors
    /// No free loopback port.
    pub async fn start(server: &str) -> Result<Self> {
        let listener = port::listen()?;
        let addr = listener.local_addr()?;
        let upstream = authority(server).to_owned();
        let (orders, inbox) = unbounded_channel();
        let (faults, seen) = watch::channel(Faults::default());
        let trips = Arc::new(AtomicU64::new(0));
        let counted = trips.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new()
            .name("fault-proxy".to_owned())
            .spawn(move || runtime.block_on(serve(listener, upstream, inbox, seen, counted)))
            .context("cannot start the proxy's thread")?;
        Ok(Self { addr, faults, orders: Some(orders), thread: Some(thread), cuts: AtomicU64::new(0), trips })
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn addr(&self) -> String {
        self.addr.to_string()
    }

    /// `SCHEME://127.0.0.1:PORT`.
    #[must_use]
    pub fn url_for(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.addr)
    }

    /// `url` with its host and port replaced by the proxy's: user, password, path and options stay.
    #[must_use]
    pub fn through(&self, url: &str) -> String {
        url.replacen(authority(url), &self.addr(), 1)
    }

    /// How many round trips have begun: how often a client sent something for the first time, or after an answer. What is sent
    /// in one go, and answered in any number of pieces, is one.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.trips.load(Ordering::Relaxed)
    }

    /// Replies arrive this much later; their order and rate stay.
    pub fn delay(&self, delay: Duration) {
        self.faults.send_modify(|faults| faults.delay = delay);
    }

    /// Each connection's replies pass at this rate.
    pub fn throttle(&self, bytes_per_s: u64) {
        self.faults.send_modify(|faults| faults.throttle = Some(bytes_per_s.max(1)));
    }

    /// Each connection, open now or later, passes this many more bytes of replies and is closed then: in the middle of a reply.
    pub fn cut_after(&self, bytes: u64) {
        let number = self.cuts.fetch_add(1, Ordering::Relaxed);
        self.faults.send_modify(|faults| faults.cut_after = Some(Cut { bytes, number }));
    }

    /// Connections stay open, new ones are accepted, and nothing passes in either direction. What was sent meanwhile passes after
    /// [`heal`](Self::heal).
    pub fn black_hole(&self) {
        self.faults.send_modify(|faults| faults.black_hole = true);
    }

    /// Cuts all connections and refuses new ones.
    pub fn refuse(&self) {
        self.order(Order::Refuse);
    }

    /// Cuts all connections; new ones are served.
    pub fn cut_now(&self) {
        self.order(Order::Cut);
    }

    /// Cuts all connections and serves new ones from another server, as an address that moves in a failover does.
    pub fn lead_to(&self, server: &str) {
        self.order(|done| Order::Lead(authority(server).to_owned(), done));
    }

    /// Ends every fault. Connections that are open go on.
    pub fn heal(&self) {
        self.faults.send_replace(Faults::default());
        self.order(Order::Listen);
    }

    /// Waits until the proxy has done it, which takes it microseconds.
    fn order(&self, order: impl FnOnce(mpsc::Sender<()>) -> Order) {
        let (done, wait) = mpsc::channel();
        if let Some(orders) = &self.orders {
            let _sent = orders.send(order(done));
        }
        let _done = wait.recv();
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// The `HOST:PORT` in an address.
fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split(['/', '?']).next().unwrap_or(rest);
    rest.rsplit_once('@').map_or(rest, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::authority;

    #[test]
    fn the_host_of_an_address() {
        assert_eq!(authority("127.0.0.1:5"), "127.0.0.1:5");
        assert_eq!(authority("redis://127.0.0.1:5"), "127.0.0.1:5");
        assert_eq!(authority("postgres://u:p@127.0.0.1:5/db?a=b"), "127.0.0.1:5");
    }
}
