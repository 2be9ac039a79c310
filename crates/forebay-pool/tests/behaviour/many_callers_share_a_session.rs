//! Reads of many callers over few sessions: each gets its own answer, and what is not to be shared is read by a guard.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Outcome, Pipelined, Pool, PoolConfig, PoolError, QueryEvent, QueryObserver};
use forebay_scope::Scope;
use forebay_tests::TestDatabase;
use futures_util::{FutureExt as _, poll};
use std::{
    collections::BTreeSet,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

const ECHO: &str = "SELECT $1::int4, pg_backend_pid()";
const PLAIN: &str = "SELECT $1::int4";

/// On a busy machine any statement may take long.
fn config(database: &TestDatabase) -> PoolConfig {
    PoolConfig {
        pipelined_slow: Duration::from_secs(30),
        pipelined_timeout: Duration::from_secs(60),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    }
}

/// Asks until a shared session answers: they are opened by the first who ask.
async fn shared(pool: &Pool, reads: &Pipelined, sql: &str) {
    forebay_tests::eventually("a shared session answers", async || {
        let before = pool.status().pipelined.shared;
        reads.query(sql, &[&0_i32]).await.unwrap();
        pool.status().pipelined.shared > before
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_gets_his_own_answer() {
    let database = forebay_tests::shared().await.database("pipelined_answers").await;
    let pool = Pool::builder(config(&database)).build().await.unwrap();
    shared(&pool, &pool.pipelined(), PLAIN).await;
    let before = pool.status().pipelined;
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..64_i32 {
        let reads = pool.pipelined();
        callers.spawn(async move {
            for question in caller * 100..caller * 100 + 50 {
                let row = reads.query_one(PLAIN, &[&question]).await.unwrap();
                assert_eq!(row.get::<_, i32>(0), question);
                assert!(reads.query("SELECT 1 / ($1::int4 - $1)", &[&question]).await.is_err());
                let none = "SELECT $1::text WHERE $2::int8 IS NOT NULL";
                assert!(reads.query_opt(none, &[&"text", &None::<i64>]).await.unwrap().is_none());
            }
        });
    }
    callers.join_all().await;
    let status = pool.status();
    assert!(status.pipelined.shared > before.shared + 64, "{:?}", status.pipelined);
    let sessions = status.servers[0].sessions.iter().find(|sessions| sessions.kind == "pipelined").unwrap();
    assert!((1..=2).contains(&sessions.all), "{sessions:?}");
    assert_eq!(sessions.waiting, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_certainly_reads_is_shared() {
    let database = forebay_tests::shared().await.database("pipelined_reads").await;
    database.execute("CREATE SEQUENCE s").await;
    let pool = Pool::builder(config(&database)).build().await.unwrap();
    let reads = pool.pipelined();
    shared(&pool, &reads, PLAIN).await;
    let before = pool.status().pipelined;
    // Of the session, so the text does not say who answers.
    reads.query_one(ECHO, &[&1_i32]).await.unwrap();
    let refused = reads.query("SELECT nextval('s')", &[]).await.unwrap_err();
    assert!(matches!(refused, PoolError::ReadOnly { .. }), "{refused}");
    reads.query("SET work_mem = '9MB'", &[]).await.unwrap();
    let after = pool.status().pipelined;
    assert_eq!((after.not_read - before.not_read, after.shared - before.shared), (3, 0));

    // The error is the one a guard gives.
    let wrong = reads.query(PLAIN, &[&"text"]).await.unwrap_err();
    let guards = pool.read().await.unwrap().query(PLAIN, &[&"text"]).await.unwrap_err();
    assert_eq!(wrong.to_string(), guards.to_string());
    let missing = reads.query("SELECT * FROM nowhere", &[]).await.unwrap_err();
    assert!(matches!(missing, PoolError::Statement { .. }), "{missing}");
    let two = reads.query_one("SELECT generate_series(1, 2)", &[]).await.unwrap_err();
    assert!(matches!(two, PoolError::RowCount { found: 2, .. }), "{two}");
    // With no session to be shared everything is read by guards.
    let none = PoolConfig { pipelined_sessions: 0, ..config(&database) };
    let without = Pool::builder(none).build().await.unwrap();
    assert_eq!(without.pipelined().query_one(PLAIN, &[&3_i32]).await.unwrap().get::<_, i32>(0), 3);
    assert_eq!((without.status().pipelined.shared, without.status().pipelined.no_room), (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scope_reads_what_it_wrote_and_ends_at_its_deadline() {
    let database = forebay_tests::shared().await.database("pipelined_scope").await;
    database.execute("CREATE TABLE t (id int PRIMARY KEY, v int)").await;
    let split = config(&database).replicas(database.replica_urls()).unwrap();
    let pool = Pool::builder(split).build().await.unwrap();
    let reads = pool.pipelined();
    let select = "SELECT v FROM t WHERE id = $1";
    for v in 0..200_i32 {
        let write = "INSERT INTO t VALUES (0, $1) ON CONFLICT (id) DO UPDATE SET v = $1";
        Scope::new()
            .run(async {
                pool.execute(write, &[&v]).await.unwrap();
                assert_eq!(reads.query_one(select, &[&0_i32]).await.unwrap().get::<_, i32>(0), v);
            })
            .await;
        reads.query(select, &[&0_i32]).await.unwrap();
    }
    shared(&pool, &reads, select).await;
    let replicas = &pool.status().servers[1..];
    assert!(replicas.iter().any(|server| server.sessions.iter().any(|all| all.kind == "pipelined")));

    let late = Scope::with_deadline(tokio::time::Instant::now());
    let ended = late.run(async { reads.query(select, &[&0_i32]).await }).await.unwrap_err();
    assert!(matches!(ended, PoolError::Deadline { outcome_unknown: false, .. }), "{ended}");
}

#[derive(Default)]
struct Seen(Mutex<Vec<(String, u64, Outcome, u32)>>);

impl QueryObserver for Seen {
    fn observe(&self, event: &QueryEvent<'_>) {
        let line = event.place.line();
        self.0.lock().unwrap().push((event.sql.to_owned(), event.rows, event.outcome, line));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_observer_hears_of_each_once() {
    let database = forebay_tests::shared().await.database("pipelined_observer").await;
    let seen = Arc::new(Seen::default());
    let pool = Pool::builder(config(&database)).observer(Arc::clone(&seen) as _).build().await.unwrap();
    let reads = pool.pipelined();
    shared(&pool, &reads, PLAIN).await;
    seen.0.lock().unwrap().clear();
    let line = line!() + 1;
    reads.query_one(PLAIN, &[&1_i32]).await.unwrap();
    assert_eq!(*seen.0.lock().unwrap(), [(PLAIN.to_owned(), 1, Outcome::Done, line)]);
    seen.0.lock().unwrap().clear();
    assert!(reads.query_one(PLAIN, &[&1_i32]).now_or_never().is_none(), "it takes a round trip");
    assert_eq!(seen.0.lock().unwrap()[0].2, Outcome::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looks_away_does_not_stop_the_others() {
    let database = forebay_tests::shared().await.database("pipelined_unpolled").await;
    let one = PoolConfig { pipelined_sessions: 1, ..config(&database) };
    let pool = Pool::builder(one).build().await.unwrap();
    let reads = pool.pipelined();
    let large = "SELECT repeat('x', 1000) FROM generate_series(1, $1::int4)";
    shared(&pool, &reads, PLAIN).await;
    shared(&pool, &reads, large).await;
    let (rows, before) = (4_000_i32, pool.status().pipelined.shared);
    let one: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&rows];
    let mut looked_away = pin!(reads.query(large, &one));
    assert!(poll!(looked_away.as_mut()).is_pending());
    let mut shared_pids = BTreeSet::new();
    for question in 0..100_i32 {
        shared_pids.insert(reads.query_one(PLAIN, &[&question]).await.unwrap().get::<_, i32>(0));
    }
    assert_eq!(shared_pids.len(), 100);
    assert_eq!(looked_away.await.unwrap().len(), 4_000);
    assert!(pool.status().pipelined.shared > before, "{:?}", pool.status().pipelined);
}
