//! A task that holds a session and waits for another of the same kind is reported with both lines, and refused
//! when nobody else could give one back.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{NestedWait, Pool, PoolConfig, PoolError};
use std::time::Duration;

async fn pool(test: &str, change: impl FnOnce(&mut PoolConfig)) -> (forebay_tests::TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    let mut config = PoolConfig {
        write_sessions_max: 2,
        acquire_timeout: Duration::from_millis(50),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    change(&mut config);
    let pool = Pool::builder(config).build().await.unwrap();
    (database, pool)
}

fn nested(pool: &Pool) -> Vec<NestedWait> {
    pool.status().servers[0].sessions[0].nested.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_both_places_once() {
    let (_database, pool) = pool("nested", |c| c.write_sessions_max = 1).await;
    let ours = pool.clone();
    let (outer, inner) = (line!() + 2, line!() + 6);
    tokio::spawn(async move {
        let _held = ours.write().await.unwrap();
        // Two in a row from the same line.
        for _ in 0..2 {
            // Its own transaction, in the middle of one: the classic.
            let error = ours.transaction(async |_| Ok::<_, PoolError>(())).await.unwrap_err();
            assert!(matches!(error, PoolError::AcquireTimeout { .. }), "{error:?}");
        }
    })
    .await
    .unwrap();
    let seen = nested(&pool);
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].held_at.contains(&format!("{}:{outer}:", file!())), "{seen:?}");
    assert!(seen[0].asked_at.contains(&format!("{}:{inner}:", file!())), "{seen:?}");
    assert_eq!(seen[0].times, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_when_another_task_holds_it_nor_when_one_is_idle() {
    let (_database, pool) = pool("not_nested", |c| c.write_sessions_max = 1).await;
    let held = pool.write().await.unwrap();
    let ours = pool.clone();
    tokio::spawn(async move { ours.write().await.map(drop).unwrap_err() }).await.unwrap();
    drop(held);
    let ours = pool.clone();
    tokio::spawn(async move {
        drop(ours.write().await.unwrap());
        drop(ours.write().await.unwrap());
    })
    .await
    .unwrap();
    assert_eq!(nested(&pool), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_refused_where_that_is_asked_for() {
    let (_database, pool) = pool("nested_refused", |c| {
        c.nested_refused = true;
        c.acquire_timeout = Duration::from_secs(600);
    })
    .await;
    let both_hold = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    let task = || {
        let (ours, both_hold) = (pool.clone(), both_hold.clone());
        tokio::spawn(async move {
            let held = ours.write().await.unwrap();
            both_hold.wait().await;
            let second = ours.write().await.map(drop);
            drop(held);
            second
        })
    };
    let (one, other) = (task(), task());
    // The first to ask waits: the other might still give its session back. The second is told, and gives it back.
    let mut results = [one.await.unwrap(), other.await.unwrap()];
    results.sort_by_key(Result::is_ok);
    assert!(matches!(&results[0], Err(PoolError::Nested { .. })), "{results:?}");
    assert!(results[1].is_ok(), "{results:?}");
}
