use super::config::RedisConfig;
use fred::{
    error::{Error, ErrorKind},
    interfaces::{ClientLike, EventInterface},
    types::Value,
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    task::{JoinHandle, yield_now},
    time::{Instant, sleep},
};

/// A fred client that connects in the background, for ever, and refuses work while it is not connected.
///
/// fred by itself ends its connection task for good when its bounded queue is full at the wrong moment, does not
/// notice a silent server while commands keep being written, and sends a batch whose caller has given up after it has
/// reconnected. So it connects once, and what comes after is seen to here.
pub(super) struct Link<C> {
    client: C,
    health: Arc<Health>,
    /// Keeps the connection; `None` when the client is the user's, or after `shutdown`.
    supervisor: Mutex<Option<AbortOnDrop<()>>>,
}

impl<C: ClientLike + EventInterface + 'static> Link<C> {
    /// Starts connecting `client`. Must be called within a tokio runtime.
    pub(super) fn open(client: C, config: &RedisConfig) -> Self {
        let health = Arc::new(Health::new(false, client.is_clustered(), config.dead_after / 2));
        let task = tokio::spawn(supervise(client.clone(), Arc::clone(&health), config.clone()));
        Self { client, health, supervisor: Mutex::new(Some(AbortOnDrop(task))) }
    }

    /// A client that somebody else connects and closes.
    pub(super) fn borrowed(client: C) -> Self {
        Self {
            client,
            health: Arc::new(Health::new(true, false, Duration::ZERO)),
            supervisor: Mutex::new(None),
        }
    }

    /// The client, if it is connected: fred would otherwise queue the command.
    pub(super) fn ready(&self) -> Result<&C, Error> {
        if self.is_up() { Ok(&self.client) } else { Err(Error::new(ErrorKind::IO, "not connected")) }
    }

    pub(super) fn is_up(&self) -> bool {
        self.health.up.load(Ordering::Acquire) && self.client.is_connected()
    }

    pub(super) const fn client(&self) -> &C {
        &self.client
    }

    /// Takes note of whether the server answered at all.
    pub(super) fn note<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        match &result {
            Err(error) if matches!(error.kind(), ErrorKind::Timeout) => self.health.silent(),
            Err(error) if error.details().starts_with("READONLY") => self.health.demoted.notify_one(),
            _ => self.health.answered(),
        }
        result
    }

    /// Closes the connection if it is ours; what is under way fails.
    pub(super) async fn shutdown(&self) {
        let supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.health.up.store(false, Ordering::Release);
        if let Some(mut supervisor) = supervisor {
            supervisor.0.abort();
            let _cancelled = (&mut supervisor.0).await;
        }
    }
}

impl<C> fmt::Debug for Link<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("up", &self.health.up).finish_non_exhaustive()
    }
}

/// Connects, and again whenever the connection ends or the server stays silent.
async fn supervise<C: ClientLike + EventInterface>(client: C, health: Arc<Health>, config: RedisConfig) {
    let mut delay = config.reconnect_delay_min;
    loop {
        let mut connections = client.reconnect_rx();
        let mut task = AbortOnDrop::<Result<(), Error>>(client.connect());
        let connected = async {
            let connected = connections.recv().await.is_ok();
            // A cluster says so for each of its servers, and takes commands when it has all of them.
            connected && (!client.is_clustered() || answers(&client).await)
        };
        tokio::select! {
            biased;
            true = connected => {
                health.connected();
                delay = config.reconnect_delay_min;
                tokio::select! {
                    ended = &mut task.0 => tracing::debug!(?ended, "redis connection ended"),
                    () = health.until_dead(config.dead_after) => tracing::debug!("redis does not answer, connecting again"),
                    () = health.demoted.notified() => tracing::debug!("redis is no longer the primary, connecting again"),
                }
            }
            ended = &mut task.0 => tracing::debug!(?ended, "could not connect to redis"),
            () = sleep(config.connect_timeout * 2) => tracing::debug!("connecting to redis took too long"),
        }
        health.up.store(false, Ordering::Release);
        // fred counts the commands it was given and holds back its writes as long as it believes that more are to come: those
        // that it has not taken yet must not be lost with its task, or it believes so for ever.
        yield_now().await;
        drop(task);
        sleep(delay.mul_f64(rand::random_range(0.5..1.0))).await;
        delay = (delay * 2).min(config.reconnect_delay_max);
    }
}

async fn answers<C: ClientLike>(client: &C) -> bool {
    loop {
        match client.ping::<Value>(None).await {
            Ok(_) => return true,
            Err(error) if matches!(error.kind(), ErrorKind::Timeout) => {}
            Err(_) => return false,
        }
    }
}

struct Health {
    /// Whether the supervisor saw the present connection come up.
    up: AtomicBool,
    /// Milliseconds after `since` at which the first command that was not answered failed; 0 when all is well.
    silent_from: AtomicU64,
    /// The same for the last one.
    silent_at: AtomicU64,
    since: Instant,
    /// Commands go to several servers: that one answers says nothing of another.
    many: bool,
    /// For how long all must be well before the silence of one of many servers is forgotten, in milliseconds.
    calm: u64,
    /// Told when a server refused a write because it follows another one.
    demoted: Notify,
}

impl Health {
    fn new(up: bool, many: bool, calm: Duration) -> Self {
        Self {
            up: AtomicBool::new(up),
            silent_from: AtomicU64::new(0),
            silent_at: AtomicU64::new(0),
            since: Instant::now(),
            many,
            calm: u64::try_from(calm.as_millis()).unwrap_or(u64::MAX),
            demoted: Notify::new(),
        }
    }

    fn connected(&self) {
        self.silent_from.store(0, Ordering::Relaxed);
        self.up.store(true, Ordering::Release);
    }

    fn answered(&self) {
        // Read first: a healthy connection then shares the cache line without writing to it.
        if self.silent_from.load(Ordering::Relaxed) == 0 {
            return;
        }
        let quiet = self.now().saturating_sub(self.silent_at.load(Ordering::Relaxed));
        if !self.many || quiet > self.calm {
            self.silent_from.store(0, Ordering::Relaxed);
        }
    }

    fn silent(&self) {
        let now = self.now();
        self.silent_at.store(now, Ordering::Relaxed);
        let _already = self.silent_from.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }

    async fn until_dead(&self, after: Duration) {
        loop {
            sleep(after / 4).await;
            let from = self.silent_from.load(Ordering::Relaxed);
            if from != 0 && Duration::from_millis(self.now().saturating_sub(from)) >= after {
                return;
            }
        }
    }
}

/// A task that ends with its owner.
pub(super) struct AbortOnDrop<T>(pub(super) JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
