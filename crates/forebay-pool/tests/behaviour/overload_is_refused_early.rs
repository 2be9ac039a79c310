//! When everybody waits for too long, the newest of the least important is refused at once, and told when to come
//! again.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, PoolError, Priority, Writer};
use futures_util::poll;
use std::{pin::pin, task::Poll, time::Duration};
use tokio::task::JoinHandle;

const TOO_LONG: Duration = Duration::from_millis(2);

async fn pool(test: &str, change: impl FnOnce(&mut PoolConfig)) -> (forebay_tests::TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    let mut config = PoolConfig {
        write_sessions_max: 1,
        acquire_timeout: Duration::from_secs(600),
        queue_delay_max: Some(TOO_LONG),
        queue_delay_interval: Duration::from_millis(5),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    change(&mut config);
    let pool = Pool::builder(config).build().await.unwrap();
    (database, pool)
}

/// A caller of a class that waits already.
async fn waiter(pool: &Pool, class: Priority) -> JoinHandle<Result<(), PoolError>> {
    let before = waiting(pool);
    let ours = pool.with_priority(class);
    let task = tokio::spawn(async move { ours.write().await.map(drop) });
    forebay_tests::eventually("it waits", async || waiting(pool) == before + 1).await;
    task
}

fn waiting(pool: &Pool) -> usize {
    pool.status().servers[0].sessions[0].waiting
}

/// What one more caller is told at once; `None` when it may wait, which it then does not.
async fn one_more(pool: &Pool) -> Option<Result<Writer, PoolError>> {
    let mut call = pin!(pool.write());
    match poll!(call.as_mut()) {
        Poll::Ready(told) => Some(told),
        Poll::Pending => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_time_to_come_again() {
    let (_database, pool) = pool("overloaded", |_| {}).await;
    let held = pool.write().await.unwrap();
    let first = waiter(&pool, Priority::Normal).await;
    let mut told = None;
    forebay_tests::eventually("one more is too many", async || {
        told = one_more(&pool).await;
        told.is_some()
    })
    .await;
    let error = told.unwrap().unwrap_err();
    let PoolError::Overloaded { delay, retry_in, .. } = &error else { panic!("{error:?}") };
    assert!(*delay > TOO_LONG && retry_in >= delay, "{error:?}");
    assert_eq!(error.retry_in(), Some(*retry_in));
    assert!(error.is_transient() && !error.is_timeout());
    // Who waited before is served, and then all is well.
    drop(held);
    first.await.unwrap().unwrap();
    pool.write().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lower_class_makes_place() {
    let (_database, pool) = pool("displaced", |_| {}).await;
    let held = pool.write().await.unwrap();
    let low = [waiter(&pool, Priority::Low).await, waiter(&pool, Priority::Low).await];
    let high = waiter(&pool, Priority::High).await;
    let urgent = pool.with_priority(Priority::High);
    forebay_tests::eventually("the newest of the low class left", async || {
        assert!(one_more(&urgent).await.is_none(), "there is a lower one");
        low[1].is_finished()
    })
    .await;
    drop(held);
    let [older, newer] = low;
    assert!(matches!(newer.await.unwrap(), Err(PoolError::Overloaded { .. })));
    high.await.unwrap().unwrap();
    // Another urgent caller may have made place for itself meanwhile.
    let older = older.await.unwrap();
    assert!(matches!(older, Ok(()) | Err(PoolError::Overloaded { .. })), "{older:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lower_class_makes_place_in_a_full_queue() {
    let (_database, pool) = pool("full_of_low", |c| {
        c.queue_max = 1;
        c.queue_delay_max = None;
    })
    .await;
    let held = pool.write().await.unwrap();
    let low = waiter(&pool, Priority::Low).await;
    let ours = pool.with_priority(Priority::High);
    let high = tokio::spawn(async move { ours.write().await.map(drop) });
    assert!(matches!(low.await.unwrap(), Err(PoolError::QueueFull { limit: 1, .. })));
    assert!(matches!(one_more(&pool).await, Some(Err(PoolError::QueueFull { .. }))));
    drop(held);
    high.await.unwrap().unwrap();
}
