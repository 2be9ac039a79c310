//! However many servers a read tries, its caller waits for `acquire_timeout`, and not for each of them.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, PoolError, Role, WithoutReplica};
use forebay_tests::TestDatabase;
use std::time::Duration;
use tokio::time::Instant;

const WAIT: Duration = Duration::from_secs(8);

async fn pool(test: &str, without_replica: WithoutReplica) -> (TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    let config = PoolConfig {
        acquire_timeout: WAIT,
        primary_read_sessions_max: 1,
        replica_sessions_max: 1,
        without_replica,
        // Nobody looks at the servers while time is paused.
        probe_interval: Duration::from_secs(3600),
        probe_timeout: Duration::from_secs(3600),
        lag_max: Duration::from_secs(7200),
        ..PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap()
    };
    (database, Pool::builder(config).build().await.unwrap())
}

/// Timers are on time up to a few of their ticks.
fn took(expected: Duration, began: Instant) {
    let elapsed = began.elapsed();
    assert!(elapsed >= expected && elapsed < expected + Duration::from_millis(10), "{elapsed:?}");
}

/// Holds the one session for reads of every replica, and of the primary.
async fn all_sessions(pool: &Pool) -> Vec<forebay_pool::Reader> {
    let mut held = Vec::new();
    for _ in 1..pool.status().servers.len() {
        held.push(pool.read().await.unwrap());
        assert_eq!(held.last().unwrap().role(), Role::Replica);
    }
    held
}

#[tokio::test]
async fn with_the_primary_behind_the_replicas() {
    let (_database, pool) = pool("waits_once", WithoutReplica::Primary).await;
    let mut held = all_sessions(&pool).await;
    tokio::time::pause();
    let began = Instant::now();
    let on_primary = pool.read().await.unwrap();
    assert_eq!(on_primary.role(), Role::Primary);
    took(WAIT * 3 / 4, began);
    held.push(on_primary);

    let began = Instant::now();
    let error = pool.read().await.unwrap_err();
    assert!(matches!(error, PoolError::AcquireTimeout { .. }), "{error:?}");
    took(WAIT, began);
}

#[tokio::test]
async fn with_nobody_behind_them() {
    let (_database, pool) = pool("waits_once_refused", WithoutReplica::Refuse).await;
    let _held = all_sessions(&pool).await;
    tokio::time::pause();
    let began = Instant::now();
    let error = pool.read().await.unwrap_err();
    assert!(matches!(error, PoolError::NoReplica { .. }), "{error:?}");
    took(WAIT, began);
}
