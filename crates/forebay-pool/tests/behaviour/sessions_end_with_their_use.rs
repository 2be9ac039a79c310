//! In the mode for serverless functions no server has a session of ours after its use; everything else is as ever.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Mode, Pool, PoolConfig, PoolError, Role};
use forebay_scope::Scope;
use forebay_tests::TestDatabase;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::time::Instant;
use tokio_postgres::NoTls;

async fn start(test: &str, config: impl FnOnce(PoolConfig) -> PoolConfig) -> (TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    database.execute("CREATE TABLE t (v int)").await;
    let per_use = PoolConfig {
        mode: Mode::PerUse,
        application_name: test.to_owned(),
        ..PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap()
    };
    let pool = Pool::builder(config(per_use)).build().await.unwrap();
    (database, pool)
}

/// How many sessions of a name each server has, the primary first.
async fn sessions(database: &TestDatabase, name: &str) -> Vec<i64> {
    let mut counts = Vec::new();
    for url in std::iter::once(database.primary_url()).chain(database.replica_urls()) {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
        counts.push(client.query_one(count, &[&name]).await.unwrap().get(0));
        drop(client);
        driver.await.unwrap().unwrap();
    }
    counts
}

async fn all_end(database: &TestDatabase, name: &str) {
    forebay_tests::eventually("no server has a session", async || {
        sessions(database, name).await.iter().all(|count| *count == 0)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_kind_of_use() {
    let (database, pool) =
        start("per_use_none", |config| PoolConfig { write_idle_min: Some(3), ..config }).await;
    all_end(&database, "per_use_none").await;

    pool.write().await.unwrap().execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
    pool.read().await.unwrap().query_one("SELECT 1", &[]).await.unwrap();
    pool.query("SELECT 1", &[]).await.unwrap();
    let work = async |tx: &forebay_pool::Transaction| tx.execute("INSERT INTO t VALUES (2)", &[]).await;
    let at = pool.transaction(work).await.unwrap().position;
    let reader = pool.read_after(at).await.unwrap();
    let seen: i64 = reader.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0);
    assert_eq!(seen, 2);
    assert!(sessions(&database, "per_use_none").await.iter().sum::<i64>() >= 1, "this one is in use");
    drop(reader);
    all_end(&database, "per_use_none").await;
    for server in pool.status().servers {
        for kind in server.sessions {
            assert_eq!((kind.idle, kind.busy, kind.all), (0, 0, 0), "{}", server.endpoint);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_at_once_than_there_may_be() {
    let bounded = |config| PoolConfig { write_sessions_max: 2, ..config };
    let (database, pool) = start("per_use_bound", bounded).await;
    let (held, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let one = async || {
        let writer = pool.write().await.unwrap();
        most.fetch_max(held.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        writer.query("SELECT pg_sleep(0.02)", &[]).await.unwrap();
        assert!(pool.status().servers[0].sessions[0].all <= 2);
        held.fetch_sub(1, Ordering::Relaxed);
    };
    futures_util::future::join_all((0..10).map(|_| one())).await;
    assert_eq!(most.into_inner(), 2);
    all_end(&database, "per_use_bound").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn also_after_what_was_dropped_or_ran_out_of_time() {
    let (database, pool) = start("per_use_dropped", |config| config).await;
    let writer = pool.write().await.unwrap();
    {
        let mut endless = Box::pin(writer.query("SELECT pg_sleep(600)", &[]));
        assert!(futures_util::poll!(endless.as_mut()).is_pending());
    }
    // The same guard goes on once the server has stopped.
    writer.query_one("SELECT 1", &[]).await.unwrap();
    {
        let mut endless = Box::pin(writer.query("SELECT pg_sleep(600)", &[]));
        assert!(futures_util::poll!(endless.as_mut()).is_pending());
    }
    drop(writer);
    let scope = Scope::with_deadline(Instant::now() + Duration::from_millis(300));
    let error = scope.run(pool.query("SELECT pg_sleep(600)", &[])).await.unwrap_err();
    assert!(matches!(error, PoolError::Deadline { .. }), "{error:?}");
    let transaction = pool.begin().await.unwrap();
    transaction.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
    drop(transaction);
    all_end(&database, "per_use_dropped").await;
    let rows: i64 = pool.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0);
    assert_eq!(rows, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_to_replicas_while_the_lag_is_known() {
    let rarely = |config| PoolConfig {
        probe_interval: Duration::from_secs(3600),
        lag_max: Duration::from_secs(3),
        ..config
    };
    let (_database, pool) = start("per_use_lag", rarely).await;
    assert_eq!(
        pool.read().await.unwrap().role(),
        Role::Replica,
        "the primary was looked at when the pool was built"
    );
    forebay_tests::eventually("a read goes to the primary, because that is long ago", async || {
        pool.read().await.unwrap().role() == Role::Primary
    })
    .await;
    assert_eq!(pool.read().await.unwrap().role(), Role::Replica, "that read was a look");
}

#[test]
fn what_would_keep_a_session_is_refused() {
    let mut config = PoolConfig::from_url("postgres://a@db-1/x").unwrap();
    config.mode = Mode::PerUse;
    config.validate().unwrap();
    config.catalog.enabled = true;
    let error = config.validate().unwrap_err();
    assert!(matches!(error, PoolError::Config { key: "catalog", .. }), "{error:?}");
}
