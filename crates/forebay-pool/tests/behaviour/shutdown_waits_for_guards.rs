//! Shutting down refuses the new and waits for the old.

use forebay_pool::{Pool, PoolConfig, PoolError};
use forebay_tests::eventually;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_guard_that_is_out_is_waited_for() {
    let database = forebay_tests::shared().await.database("shutdown").await;
    let config = PoolConfig {
        application_name: "shutdown_test".to_owned(),
        ..PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();
    let writer = pool.write().await.unwrap();
    assert!(!pool.shutdown(Duration::from_millis(20)).await, "a guard is still out");
    assert!(matches!(pool.write().await.unwrap_err(), PoolError::Closed));
    assert!(matches!(pool.read().await.unwrap_err(), PoolError::Closed));
    // What is out may finish.
    writer.query_one("SELECT 1", &[]).await.unwrap();
    drop(writer);
    assert!(pool.shutdown(Duration::from_secs(60)).await);

    let client = database.client().await;
    let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shutdown_test'";
    let left = async || client.query_one(left, &[]).await.unwrap().get::<_, i64>(0);
    eventually("the sessions end", async || left().await == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_being_cleaned_is_waited_for_and_what_is_idle_is_closed() {
    let database = forebay_tests::shared().await.database("shutdown_cleaning").await;
    let config = PoolConfig {
        application_name: "shutdown_cleaning".to_owned(),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();
    let (idle, held, busy) = (pool.write().await, pool.write().await, pool.write().await);
    drop(idle.unwrap());
    let (held, busy) = (held.unwrap(), busy.unwrap());
    let mut work = Box::pin(busy.query("SELECT pg_sleep(600)", &[]));
    assert!(futures_util::poll!(work.as_mut()).is_pending());
    drop(work);
    drop(busy);
    let mut shutdown = Box::pin(pool.shutdown(Duration::from_secs(60)));
    assert!(futures_util::poll!(shutdown.as_mut()).is_pending());
    assert!(matches!(pool.write().await.unwrap_err(), PoolError::Closed));
    assert_eq!(pool.status().servers[0].sessions[0].idle, 0, "closed at once");
    drop(held);
    assert!(shutdown.await, "the statement was cancelled, not waited for");

    let client = database.client().await;
    let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shutdown_cleaning'";
    eventually("the server has none left", async || {
        client.query_one(left, &[]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn those_who_wait_are_told() {
    let database = forebay_tests::shared().await.database("shutdown_waiters").await;
    let config =
        PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let held = pool.write().await.unwrap();
    let mut waiter = Box::pin(pool.write());
    assert!(futures_util::poll!(waiter.as_mut()).is_pending());
    let (shut, waited) = tokio::join!(pool.shutdown(Duration::from_secs(60)), async {
        let waited = waiter.await.map(drop);
        drop(held);
        waited
    });
    assert!(shut);
    assert!(matches!(waited.unwrap_err(), PoolError::Closed));
}
