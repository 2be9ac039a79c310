//! The size can be changed while sessions are out.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, PoolError, Sessions, SessionsStatus};

async fn pool(test: &str, max: usize) -> (forebay_tests::TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    let config =
        PoolConfig { write_sessions_max: max, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    (database, pool)
}

fn writes(pool: &Pool) -> SessionsStatus {
    pool.status().servers[0].sessions[0].clone()
}

/// A guard whose last answer has not quite ended yet comes back through the cleaning.
async fn until(pool: &Pool, all: usize, idle: usize) {
    let so_many = async || (writes(pool).all, writes(pool).idle) == (all, idle);
    forebay_tests::eventually("so many are there", so_many).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_many_goes_when_it_is_idle() {
    let (_database, pool) = pool("shrunk", 4).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(pool.write().await.unwrap());
    }
    held.truncate(2);
    until(&pool, 4, 2).await;
    pool.resize(Sessions::Write, 1).unwrap();
    // Idle ones at once, those that are out when they come back.
    assert_eq!((writes(&pool).all, writes(&pool).idle, writes(&pool).max), (2, 0, 1));
    held[0].query_one("SELECT 1", &[]).await.unwrap();
    held.pop();
    until(&pool, 1, 0).await;
    held.pop();
    until(&pool, 1, 1).await;
    assert!(matches!(
        pool.resize(Sessions::Write, 0),
        Err(PoolError::Config { key: "write_sessions_max", .. })
    ));
    assert_eq!(pool.status().servers[0].sessions[1].max, 10, "the others were not meant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn room_is_used_at_once() {
    let (_database, pool) = pool("grown", 1).await;
    let _held = pool.write().await.unwrap();
    let ours = pool.clone();
    let waits = tokio::spawn(async move { ours.write().await.map(drop) });
    forebay_tests::eventually("it waits", async || writes(&pool).waiting == 1).await;
    pool.resize(Sessions::Write, 2).unwrap();
    waits.await.unwrap().unwrap();
}
