//! Pausing: new callers wait, guards stay valid, nobody hears of a server that is away meanwhile.

use forebay_pool::{Pool, PoolConfig, PoolError, Sessions};
use forebay_tests::{Postgres, PostgresSpec};
use std::{error::Error as _, time::Duration};

fn waiting(pool: &Pool) -> usize {
    pool.status().servers.iter().flat_map(|server| &server.sessions).map(|kind| kind.waiting).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn until_it_goes_on() {
    let database = forebay_tests::shared().await.database("paused").await;
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap();
    let pool = Pool::builder(config).build().await.unwrap();
    let held = pool.write().await.unwrap();
    pool.pause(Sessions::All);
    assert!(pool.status().servers.iter().flat_map(|server| &server.sessions).all(|kind| kind.paused));
    held.query_one("SELECT 1", &[]).await.unwrap();
    drop(held);
    let (ours, also_ours) = (pool.clone(), pool.clone());
    let writes = tokio::spawn(async move { ours.write().await.map(drop) });
    let reads = tokio::spawn(async move { also_ours.read().await.map(drop) });
    forebay_tests::eventually("both wait", async || waiting(&pool) == 2).await;
    assert!(!writes.is_finished() && !reads.is_finished());
    pool.resume(Sessions::All);
    writes.await.unwrap().unwrap();
    reads.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_by_itself_and_not_for_longer_than_a_caller_has_time() {
    let database = forebay_tests::shared().await.database("paused_writes").await;
    let config = PoolConfig {
        acquire_timeout: Duration::from_millis(300),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();
    forebay_tests::eventually("a session for reads is there", async || {
        pool.status().servers[0].sessions[1].idle > 0
    })
    .await;
    pool.pause(Sessions::Write);
    let error = pool.write().await.unwrap_err();
    assert!(matches!(error, PoolError::AcquireTimeout { .. }), "{error:?}");
    assert!(error.source().unwrap().to_string().contains("paused"), "{error:?}");
    pool.read().await.unwrap();
    pool.resume(Sessions::Write);
    pool.write().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_the_server_is_not_noticed() {
    let server = Postgres::start(PostgresSpec::with_standbys(0)).await.unwrap();
    let config = PoolConfig {
        acquire_timeout: Duration::from_secs(60),
        ..PoolConfig::from_url(&server.primary_url()).unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();
    pool.pause(Sessions::All);
    let mut callers = Vec::new();
    for _ in 0..5 {
        let (ours, also_ours) = (pool.clone(), pool.clone());
        callers.push(tokio::spawn(
            async move { ours.write().await?.query_one("SELECT 1", &[]).await.map(drop) },
        ));
        callers.push(tokio::spawn(async move {
            also_ours.read().await?.query_one("SELECT 1", &[]).await.map(drop)
        }));
    }
    forebay_tests::eventually("all wait", async || waiting(&pool) == 10).await;
    server.restart().await.unwrap();
    pool.resume(Sessions::All);
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
}
