//! A slow statement holds up nobody who shares its session, and learns to use a guard.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pipelined, Pool, PoolConfig};
use futures_util::{future::join_all, poll};
use std::{pin::pin, time::Duration};

const QUICK: &str = "SELECT $1::int4";
const SLOW: &str = "SELECT pg_sleep($1::float8)";

async fn ready(pool: &Pool, reads: &Pipelined) {
    forebay_tests::eventually("both statements are shared", async || {
        let before = pool.status().pipelined.shared;
        reads.query(QUICK, &[&0_i32]).await.unwrap();
        reads.query(SLOW, &[&0_f64]).await.unwrap();
        pool.status().pipelined.shared == before + 2
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_behind_it_are_answered_before_it() {
    let database = forebay_tests::shared().await.database("pipelined_slow").await;
    let config = PoolConfig {
        pipelined_sessions: 1,
        pipelined_timeout: Duration::from_secs(60),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();
    let reads = pool.pipelined();
    ready(&pool, &reads).await;

    let client = database.client().await;
    client.batch_execute("SELECT pg_advisory_lock(7)").await.unwrap();
    let before = pool.status().pipelined;
    let mut slow = pin!(reads.query(SLOW, &[&3_600_f64]));
    assert!(poll!(slow.as_mut()).is_pending());
    // Sent behind it, on the only session.
    let behind = join_all((0..20_i32).map(|question| {
        let reads = reads.clone();
        async move { reads.query_one(QUICK, &[&question]).await.unwrap().get::<_, i32>(0) }
    }));
    assert_eq!(behind.await, (0..20).collect::<Vec<_>>());
    assert!(poll!(slow.as_mut()).is_pending(), "they did not wait for it");
    let after = pool.status().pipelined;
    assert_eq!(after.held_up - before.held_up, 20, "{after:?}");
    // While it lasts nobody is sent there.
    assert_eq!(reads.query_one(QUICK, &[&21_i32]).await.unwrap().get::<_, i32>(0), 21);
    assert_eq!(pool.status().pipelined.no_room - before.no_room, 1);

    let stop = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query = $1";
    let mut stopped = client.query(stop, &[&SLOW]).await.unwrap();
    assert_eq!(stopped.len(), 1);
    stopped.clear();
    // What the server stopped here is run again by a guard; there it is dropped, which stops it.
    forebay_tests::eventually("a guard runs it", async || {
        assert!(poll!(slow.as_mut()).is_pending());
        pool.status().pipelined.failed == before.failed + 1
    })
    .await;
    forebay_tests::eventually("the session is shared again", async || {
        let before = pool.status().pipelined.shared;
        reads.query(QUICK, &[&0_i32]).await.unwrap();
        pool.status().pipelined.shared > before
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_limit_stops_is_answered_all_the_same_and_not_shared_again() {
    let database = forebay_tests::shared().await.database("pipelined_limit").await;
    let config = PoolConfig {
        pipelined_slow: Duration::from_millis(100),
        pipelined_timeout: Duration::from_millis(200),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();
    let reads = pool.pipelined();
    ready(&pool, &reads).await;
    assert_eq!(reads.query(SLOW, &[&0.5_f64]).await.unwrap().len(), 1);
    let status = pool.status().pipelined;
    assert_eq!((status.failed, status.slow, status.slow_known), (1, 0, 1), "{status:?}");
    // The same but for white space.
    let same = "SELECT  pg_sleep($1::float8)";
    reads.query(same, &[&0_f64]).await.unwrap();
    assert_eq!(pool.status().pipelined.slow, 1);
    let before = pool.status().pipelined.shared;
    reads.query(QUICK, &[&1_i32]).await.unwrap();
    assert_eq!(pool.status().pipelined.shared, before + 1, "others are not affected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_slow_again_is_kept_out_for_a_while() {
    let database = forebay_tests::shared().await.database("pipelined_again").await;
    let config = PoolConfig {
        pipelined_sessions: 1,
        pipelined_slow: Duration::from_millis(100),
        pipelined_timeout: Duration::from_secs(60),
        pipelined_slow_for: Duration::from_secs(2),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();
    let reads = pool.pipelined();
    ready(&pool, &reads).await;
    let before = pool.status().pipelined.shared;
    for _ in 0..3 {
        reads.query(SLOW, &[&0.2_f64]).await.unwrap();
    }
    assert_eq!(pool.status().pipelined.shared, before + 3, "twice is no habit");
    reads.query(SLOW, &[&0_f64]).await.unwrap();
    assert_eq!(pool.status().pipelined.slow, 1);
    forebay_tests::eventually("its time is over, and it is shared again", async || {
        let before = pool.status().pipelined.shared;
        reads.query(SLOW, &[&0_f64]).await.unwrap();
        pool.status().pipelined.shared > before
    })
    .await;
}
