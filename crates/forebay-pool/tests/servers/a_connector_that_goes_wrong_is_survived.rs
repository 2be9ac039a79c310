//! A connector that panics, or that suddenly leads to another database system, fails one connect and no more.

use forebay_pool::{
    Canceller, Connect, ConnectFailure, ConnectPlain, Connected, Pool, PoolConfig, Tap, Target,
};
use forebay_tests::{Postgres, PostgresSpec};
use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

struct PanicsOnce(Arc<AtomicBool>);

#[async_trait::async_trait]
impl Connect for PanicsOnce {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        assert!(!self.0.swap(false, Ordering::SeqCst), "as it was told");
        ConnectPlain.connect(target, tap).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_panic_costs_no_slot() {
    let database = forebay_tests::shared().await.database("connector_panics").await;
    let config = PoolConfig {
        write_sessions_max: 2,
        idle_sessions_min: 0,
        probe_interval: Duration::from_secs(3600),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    let panics = Arc::new(AtomicBool::new(false));
    let pool = Pool::builder(config).connect(PanicsOnce(Arc::clone(&panics))).build().await.unwrap();
    let _first = pool.write().await.unwrap();
    panics.store(true, Ordering::SeqCst);
    let second = pool.write().await.unwrap();
    second.query_one("SELECT 1", &[]).await.unwrap();
    assert!(!panics.load(Ordering::SeqCst), "it was asked");
}

/// Leads elsewhere once it is told to.
struct Elsewhere(Arc<AtomicBool>, Target);

#[async_trait::async_trait]
impl Connect for Elsewhere {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        let target = if self.0.load(Ordering::SeqCst) { &self.1 } else { target };
        ConnectPlain.connect(target, tap).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn another_system_at_the_same_address_is_refused() {
    let other = Postgres::start(PostgresSpec::with_standbys(0)).await.unwrap();
    let database = forebay_tests::shared().await.database("another_system").await;
    let config = PoolConfig {
        acquire_timeout: Duration::from_millis(500),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    let moved = Arc::new(AtomicBool::new(false));
    let connect = Elsewhere(Arc::clone(&moved), other.primary_url().parse().unwrap());
    let pool = Pool::builder(config).connect(connect).build().await.unwrap();
    let _first = pool.write().await.unwrap();
    moved.store(true, Ordering::SeqCst);
    let error = match pool.write().await {
        Ok(second) => panic!("{second:?} is on another system"),
        Err(error) => error,
    };
    assert!(error.source().unwrap().to_string().contains("belongs to database system"), "{error:?}");
}

/// Panics when it is asked to cancel: at once, or when the request is polled.
struct PanicsToCancel {
    at_once: bool,
}

#[async_trait::async_trait]
impl Connect for PanicsToCancel {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        let at_once = self.at_once;
        let cancel = Canceller::new(move || {
            assert!(!at_once, "as it was told");
            Box::pin(async { panic!("as it was told") })
        });
        Ok(Connected { cancel, ..ConnectPlain.connect(target, tap).await? })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_canceller_that_panics_costs_its_session_and_no_slot() {
    for at_once in [true, false] {
        let database = forebay_tests::shared().await.database("canceller_panics").await;
        let config =
            PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
        let pool = Pool::builder(config).connect(PanicsToCancel { at_once }).build().await.unwrap();
        let writer = pool.write().await.unwrap();
        let pid: i32 = writer.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        let client = database.client().await;
        let running = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'";
        let runs = forebay_tests::eventually("it runs", async || {
            client.query_one(running, &[&pid]).await.unwrap().get::<_, i64>(0) == 1
        });
        tokio::select! {
            _ = writer.query("SELECT pg_sleep(600)", &[]) => panic!("it is slow"),
            () = runs => {}
        }
        drop(writer);
        let other = pool.write().await.unwrap().query_one("SELECT pg_backend_pid()", &[]).await.unwrap();
        assert_ne!(other.get::<_, i32>(0), pid);
    }
}
