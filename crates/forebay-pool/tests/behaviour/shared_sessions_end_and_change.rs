//! What happens to reads on shared sessions when those are lost, given back, or see the schema change.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pipelined, Pool, PoolConfig, Sessions};
use forebay_tests::TestDatabase;
use rand::{RngExt as _, SeedableRng as _};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const READ: &str = "SELECT * FROM t WHERE id = $1";

/// On a busy machine any statement may take long.
fn config(database: &TestDatabase) -> PoolConfig {
    PoolConfig {
        pipelined_slow: Duration::from_secs(30),
        pipelined_timeout: Duration::from_secs(60),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    }
}

async fn shared(pool: &Pool, reads: &Pipelined) {
    forebay_tests::eventually("a shared session answers", async || {
        let before = pool.status().pipelined.shared;
        reads.query(READ, &[&1_i32]).await.unwrap();
        pool.status().pipelined.shared > before
    })
    .await;
}

fn out(pool: &Pool) -> usize {
    let status = pool.status();
    let all = status.servers.iter().flat_map(|server| &server.sessions);
    all.filter(|sessions| sessions.kind == "pipelined").map(|sessions| sessions.all).sum()
}

/// Reads without end, each of which has to succeed.
fn readers(pool: &Pool, stop: &Arc<AtomicBool>) -> tokio::task::JoinSet<u32> {
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (reads, stop) = (pool.pipelined(), Arc::clone(stop));
        readers.spawn(async move {
            let mut times = 0;
            while !stop.load(Ordering::Relaxed) {
                let row = reads.query_one(READ, &[&1_i32]).await.unwrap();
                assert_eq!(row.get::<_, i32>("id"), 1);
                times += 1;
            }
            times
        });
    }
    readers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_under_way_on_sessions_that_are_killed_are_read_by_guards() {
    let database = forebay_tests::shared().await.database("pipelined_killed").await;
    database.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)").await;
    let one = PoolConfig { pipelined_sessions: 1, ..config(&database) };
    let pool = Pool::builder(one).build().await.unwrap();
    shared(&pool, &pool.pipelined()).await;
    let before = pool.status().pipelined;
    let client = database.client().await;
    client.batch_execute("BEGIN; LOCK TABLE t").await.unwrap();
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let reads = pool.pipelined();
        readers.spawn(async move { reads.query_one(READ, &[&1_i32]).await.unwrap().get::<_, i32>(0) });
    }
    let killer = database.client().await;
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND query = $1";
    forebay_tests::eventually(
        "the first of them waits at the server, and the others behind it",
        async || killer.query(kill, &[&READ]).await.unwrap().len() == 1,
    )
    .await;
    forebay_tests::eventually("they were asked again", async || {
        pool.status().pipelined.failed > before.failed
    })
    .await;
    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(readers.join_all().await, [1; 32]);
    shared(&pool, &pool.pipelined()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_changes_and_no_read_fails() {
    let database = forebay_tests::shared().await.database("pipelined_ddl").await;
    database.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)").await;
    let pool = Pool::builder(config(&database)).build().await.unwrap();
    shared(&pool, &pool.pipelined()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let readers = readers(&pool, &stop);
    let client = database.client().await;
    for round in 0..5 {
        let before = pool.status().pipelined;
        client.batch_execute(&format!("ALTER TABLE t ADD COLUMN c{round} text")).await.unwrap();
        forebay_tests::eventually("reads are shared again, prepared anew", async || {
            pool.status().pipelined.shared > before.shared + 100
        })
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    for times in readers.join_all().await {
        assert!(times > 0);
    }
    let row = pool.pipelined().query_one(READ, &[&1_i32]).await.unwrap();
    assert_eq!(row.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_dropped_futures_disturb_nobody() {
    let database = forebay_tests::shared().await.database("pipelined_dropped").await;
    let config =
        PoolConfig { primary_read_sessions_max: 4, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let echo = "SELECT $1::int4";
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    let mut tasks = tokio::task::JoinSet::new();
    for question in 0..10_000_i32 {
        let reads = pool.pipelined();
        let pause = random.random::<bool>().then(|| Duration::from_micros(random.random_range(0..500)));
        tasks.spawn(async move {
            let one: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&question];
            let read = reads.query_one(echo, &one);
            let row = match pause {
                Some(pause) => tokio::time::timeout(pause, read).await.ok(),
                None => Some(read.await),
            };
            // Nobody else's drop is an error here.
            row.is_none_or(|row| row.unwrap().get::<_, i32>(0) == question)
        });
        if tasks.len() > 64 {
            assert!(tasks.join_next().await.unwrap().unwrap());
        }
    }
    assert!(tasks.join_all().await.into_iter().all(|own| own));
    forebay_tests::eventually("everything is shared again", async || {
        let before = pool.status().pipelined.shared;
        assert_eq!(pool.pipelined().query_one(echo, &[&7_i32]).await.unwrap().get::<_, i32>(0), 7);
        pool.status().pipelined.shared > before
    })
    .await;
    assert!(pool.shutdown(Duration::from_secs(30)).await, "{:?}", pool.status());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_given_back_when_the_pool_pauses_or_ends() {
    let database = forebay_tests::shared().await.database("pipelined_ends").await;
    database.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)").await;
    let pool = Pool::builder(config(&database)).build().await.unwrap();
    let reads = pool.pipelined();
    shared(&pool, &reads).await;
    assert!(out(&pool) > 0);
    pool.pause(Sessions::All);
    forebay_tests::eventually("none is busy", async || {
        pool.status().servers[0].sessions.iter().all(|sessions| sessions.busy == 0)
    })
    .await;
    let waiting = tokio::spawn({
        let reads = reads.clone();
        async move { reads.query_one(READ, &[&1_i32]).await.unwrap().get::<_, i32>(0) }
    });
    forebay_tests::eventually("it waits like any read", async || {
        pool.status().servers[0].sessions.iter().any(|sessions| sessions.waiting == 1)
    })
    .await;
    pool.resume(Sessions::All);
    assert_eq!(waiting.await.unwrap(), 1);
    shared(&pool, &reads).await;

    assert!(pool.shutdown(Duration::from_secs(30)).await, "{:?}", pool.status());
    assert_eq!(out(&pool), 0);
    assert!(reads.query(READ, &[&1_i32]).await.is_err());
}
