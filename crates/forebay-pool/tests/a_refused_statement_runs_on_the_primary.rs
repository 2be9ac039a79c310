//! What a standby refuses runs once on the primary, and goes there at once from then on.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Outcome, Pool, PoolConfig, PoolError, QueryEvent, QueryObserver, Role};
use std::sync::{Arc, Mutex};

/// Which servers were asked, and how it ended.
#[derive(Default)]
struct Asked(Mutex<Vec<(Role, Outcome)>>);

impl Asked {
    fn take(&self) -> Vec<(Role, Outcome)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl QueryObserver for Asked {
    fn observe(&self, event: &QueryEvent<'_>) {
        self.0.lock().unwrap().push((event.role, event.outcome));
    }
}

async fn pool(test: &str, setup: &str) -> (forebay_tests::TestDatabase, Pool, Arc<Asked>) {
    let database = forebay_tests::shared().await.database(test).await;
    database.execute(setup).await;
    let asked = Arc::new(Asked::default());
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap();
    let pool = Pool::builder(config).observer(Arc::clone(&asked) as _).build().await.unwrap();
    (database, pool, asked)
}

const HEALED: [(Role, Outcome); 2] = [(Role::Replica, Outcome::Failed), (Role::Primary, Outcome::Done)];
const LEARNED: [(Role, Outcome); 1] = [(Role::Primary, Outcome::Done)];

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn through_a_read_guard_it_stays_read_only() {
    let setup = "CREATE UNLOGGED TABLE t (v int); INSERT INTO t VALUES (7); CREATE SEQUENCE s";
    let (_database, pool, asked) = pool("refused_read", setup).await;
    let reader = pool.read().await.unwrap();
    assert_eq!(reader.role(), Role::Replica);
    // 0A000: a standby has no data of an unlogged table.
    assert_eq!(reader.query_one("SELECT v FROM t", &[]).await.unwrap().get::<_, i32>(0), 7);
    assert_eq!(asked.take(), HEALED);
    assert_eq!(reader.query_one("SELECT v FROM t", &[]).await.unwrap().get::<_, i32>(0), 7);
    assert_eq!(asked.take(), LEARNED);
    // 55000: a WAL control function.
    reader.query_one("SELECT pg_current_wal_lsn()::text", &[]).await.unwrap();
    assert_eq!(asked.take(), HEALED);
    // 25006 there as well: a read guard never writes.
    let error = reader.query_one("SELECT nextval('s')", &[]).await.unwrap_err();
    assert!(matches!(error, PoolError::ReadOnly { .. }), "{error:?}");
    let error = reader.query("INSERT INTO t VALUES (8)", &[]).await.unwrap_err();
    assert!(matches!(error, PoolError::ReadOnly { .. }), "{error:?}");
    assert_eq!(pool.status().learned, 1, "the code of the second may come of something that passes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn inside_a_transaction_nothing_moves() {
    let (_database, pool, asked) = pool("refused_inside", "CREATE UNLOGGED TABLE t (v int)").await;
    let reader = pool.read().await.unwrap();
    reader.query("BEGIN", &[]).await.unwrap();
    asked.take();
    let error = reader.query("SELECT v FROM t", &[]).await.unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "0A000");
    assert_eq!(asked.take(), [(Role::Replica, Outcome::Failed)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_error_of_the_statement_itself_is_not_repeated() {
    let (_database, pool, asked) = pool("not_refused", "SELECT 1").await;
    let error = pool.read().await.unwrap().query("SELECT 1/0", &[]).await.unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "22012");
    assert!(!error.is_transient());
    assert_eq!(asked.take(), [(Role::Replica, Outcome::Failed)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_routed_read_that_hides_a_write_goes_to_the_primary() {
    // A view hides the call of nextval, so the text alone reads.
    let setup = "CREATE SEQUENCE s; CREATE VIEW v AS SELECT nextval('s') AS n";
    let (_database, pool, asked) = pool("refused_routed", setup).await;
    assert_eq!(pool.explain_route("SELECT n FROM v").role, Role::Replica);
    assert_eq!(pool.query_one("SELECT n FROM v", &[]).await.unwrap().get::<_, i64>(0), 1);
    assert_eq!(asked.take(), HEALED);
    assert_eq!(pool.query_one("select n  from v", &[]).await.unwrap().get::<_, i64>(0), 2);
    assert_eq!(asked.take(), LEARNED, "learned by fingerprint, not by text");
    let route = pool.explain_route("SELECT n FROM v");
    assert_eq!((route.role, route.reasons.len()), (Role::Primary, 1));
}
