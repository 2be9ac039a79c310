//! The queue: first come, first served; bounded; left without a trace.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, PoolError};
use forebay_scope::Scope;
use forebay_tests::eventually;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

async fn pool(test: &str, change: impl FnOnce(&mut PoolConfig)) -> (forebay_tests::TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    let mut config =
        PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    change(&mut config);
    let pool = Pool::builder(config).build().await.unwrap();
    (database, pool)
}

async fn until_waiting(pool: &Pool, count: usize) {
    let waiting = || pool.status().servers[0].sessions[0].waiting;
    eventually("they wait", async || waiting() == count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn first_come_first_served() {
    let (_database, pool) = pool("fifo", |_| {}).await;
    let held = pool.write().await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for number in 0..20 {
        let (ours, order) = (pool.clone(), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let _writer = ours.write().await.unwrap();
            order.lock().unwrap().push(number);
        }));
        until_waiting(&pool, number + 1).await;
    }
    drop(held);
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_waiter_that_left_is_passed_over() {
    let (_database, pool) = pool("waiter_left", |_| {}).await;
    let held = pool.write().await.unwrap();
    let ours = pool.clone();
    let left = tokio::spawn(async move { drop(ours.write().await) });
    until_waiting(&pool, 1).await;
    let ours = pool.clone();
    let stays = tokio::spawn(async move { ours.write().await.map(drop) });
    until_waiting(&pool, 2).await;
    left.abort();
    drop(left.await);
    drop(held);
    stays.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_session_handed_to_a_waiter_that_never_looks_is_not_lost() {
    let (_database, pool) = pool("handed_over", |_| {}).await;
    let held = pool.write().await.unwrap();
    let mut waiter = Box::pin(pool.write());
    assert!(futures_util::poll!(waiter.as_mut()).is_pending());
    drop(held);
    // The session is in the waiter's hand now; the waiter goes without having been polled again.
    drop(waiter);
    pool.write().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn waiting_ends_at_the_timeout() {
    let (_database, pool) = pool("acquire_timeout", |c| c.acquire_timeout = Duration::from_millis(30)).await;
    let _held = pool.write().await.unwrap();
    let error = pool.write().await.unwrap_err();
    assert!(matches!(error, PoolError::AcquireTimeout { .. }), "{error:?}");
    assert!(error.is_timeout() && error.is_transient() && !error.is_outcome_unknown());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn waiting_ends_at_the_deadline_of_the_scope() {
    let (_database, pool) = pool("acquire_deadline", |_| {}).await;
    let _held = pool.write().await.unwrap();
    let scope = Scope::with_deadline(Instant::now() + Duration::from_millis(30));
    let error = scope.run(pool.write()).await.unwrap_err();
    assert!(matches!(error, PoolError::Deadline { .. }), "{error:?}");
    assert!(error.is_timeout());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_queue_is_bounded() {
    let (_database, pool) = pool("queue_full", |c| c.queue_max = 2).await;
    let _held = pool.write().await.unwrap();
    let mut waiters = [Box::pin(pool.write()), Box::pin(pool.write())];
    for waiter in &mut waiters {
        assert!(futures_util::poll!(waiter.as_mut()).is_pending());
    }
    assert!(matches!(pool.write().await.unwrap_err(), PoolError::QueueFull { limit: 2, .. }));
    // A place is free again as soon as its waiter leaves.
    drop(waiters);
    let mut waiter = Box::pin(pool.write());
    assert!(futures_util::poll!(waiter.as_mut()).is_pending());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_spike_opens_no_more_sessions_than_wait() {
    let (_database, pool) = pool("spike", |c| c.write_sessions_max = 50).await;
    let mut tasks = Vec::new();
    for _ in 0..50 {
        let ours = pool.clone();
        tasks.push(tokio::spawn(async move {
            ours.write().await.unwrap().query("SELECT 1", &[]).await.map(drop)
        }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let opened = pool.status().servers[0].sessions[0].all;
    assert!(opened < 50, "{opened} sessions for work that one could do");
}
