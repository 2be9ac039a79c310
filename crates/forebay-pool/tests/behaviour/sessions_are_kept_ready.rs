//! Sessions are opened before they are needed, replaced before they end, and closed when nobody needs them; a spike
//! opens few.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{
    Connect, ConnectFailure, ConnectPlain, Connected, Pool, PoolConfig, SessionsStatus, Tap, Target, Writer,
};
use futures_util::FutureExt as _;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// Connects take as long as the test says.
#[derive(Clone)]
struct Gate {
    asked: Arc<AtomicUsize>,
    open: watch::Sender<bool>,
}

impl Gate {
    fn new() -> Self {
        Self { asked: Arc::default(), open: watch::Sender::new(true) }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl Connect for Gate {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        // Sessions for callers have the limit of the configuration, those of the probe do not.
        if target.get_options().is_some_and(|options| options.contains("statement_timeout")) {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.open.subscribe().wait_for(|open| *open).await?;
        }
        ConnectPlain.connect(target, tap).await
    }
}

async fn pool(
    test: &str,
    gate: &Gate,
    change: impl FnOnce(&mut PoolConfig),
) -> (forebay_tests::TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    let mut config = PoolConfig {
        primary_read_idle_min: Some(0),
        connect_timeout: Duration::from_secs(600),
        statement_timeout: Some(Duration::from_secs(600)),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    change(&mut config);
    let pool = Pool::builder(config).connect(gate.clone()).build().await.unwrap();
    (database, pool)
}

fn writes(pool: &Pool) -> SessionsStatus {
    pool.status().servers[0].sessions[0].clone()
}

/// Everything of the start has been opened.
async fn until_warm(pool: &Pool, idle: usize) {
    forebay_tests::eventually("the pool is warm", async || {
        writes(pool).idle == idle && writes(pool).all == idle
    })
    .await;
}

async fn backend(pool: &Pool) -> i32 {
    backend_of(&pool.write().await.unwrap()).await
}

async fn backend_at_once(pool: &Pool) -> i32 {
    backend_of(&pool.write().now_or_never().expect("one is idle").unwrap()).await
}

async fn backend_of(writer: &Writer) -> i32 {
    writer.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spike_is_served_by_what_is_there() {
    let gate = Gate::new();
    let (_database, pool) = pool("spike_warm", &gate, |c| {
        c.write_sessions_max = 50;
        c.write_idle_min = Some(5);
    })
    .await;
    until_warm(&pool, 5).await;
    gate.open.send_replace(false);
    let before = gate.asked();
    let mut tasks = Vec::new();
    for _ in 0..50 {
        let ours = pool.clone();
        tasks.push(tokio::spawn(async move { backend(&ours).await }));
    }
    // No connect comes through meanwhile.
    for task in tasks {
        task.await.unwrap();
    }
    assert!(gate.asked() - before <= 2, "{} were opened for the spike", gate.asked() - before);
    gate.open.send_replace(true);
    forebay_tests::eventually("what was under way is kept", async || {
        writes(&pool).idle == writes(&pool).all && writes(&pool).all == 5 + gate.asked() - before
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_has_a_minimum_and_what_is_above_ends_unused() {
    let gate = Gate::new();
    let (_database, pool) = pool("idle_min", &gate, |c| {
        c.write_sessions_max = 5;
        c.write_idle_min = Some(3);
        c.idle_timeout = Duration::from_millis(100);
    })
    .await;
    until_warm(&pool, 3).await;
    let reads = || pool.status().servers[0].sessions[1].all;
    forebay_tests::eventually("nobody reads, and none is to be ready", async || reads() == 0).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(pool.write().await.unwrap());
    }
    drop(held);
    forebay_tests::eventually("all came back", async || writes(&pool).busy == 0).await;
    forebay_tests::eventually("those above the minimum ended", async || writes(&pool).all == 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_lent_until_its_replacement_is_there() {
    let gate = Gate::new();
    let (_database, pool) = pool("replaced", &gate, |c| {
        c.write_sessions_max = 3;
        c.write_idle_min = Some(2);
        // Replaced from the second half on.
        c.lifetime = Duration::from_secs(10);
    })
    .await;
    until_warm(&pool, 2).await;
    let old = backend(&pool).await;
    let before = gate.asked();
    gate.open.send_replace(false);
    forebay_tests::eventually("a replacement is asked for", async || gate.asked() > before).await;
    // It does not come, and nobody waits for it.
    assert_eq!(backend_at_once(&pool).await, old);
    assert_eq!(gate.asked(), before + 1, "one for one");
    gate.open.send_replace(true);
    forebay_tests::eventually("the old one has gone", async || {
        backend_at_once(&pool).await != old && writes(&pool).all == 2
    })
    .await;
}
