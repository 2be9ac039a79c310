//! What a standby refuses runs once on the primary, and goes there at once from then on.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{
    Outcome, Pool, PoolConfig, PoolError, QueryEvent, QueryObserver, Role, TransactionOptions,
};
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
    assert_eq!(pool.status().learned, 2, "the server said where both came from, so it will say so again");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_learned_to_write_is_not_written_through_a_read_guard() {
    // XX000 before PostgreSQL 16, whose read-only sessions let it through on the primary; 25006 since.
    let setup = "CREATE VIEW v AS SELECT lo_create(0) AS made";
    let (database, pool, asked) = pool("refused_learned_write", setup).await;
    let objects = "SELECT count(*) FROM pg_largeobject_metadata";
    let client = database.client().await;
    let made = async || client.query_one(objects, &[]).await.unwrap().get::<_, i64>(0);
    pool.query_one("SELECT made FROM v", &[]).await.unwrap();
    assert_eq!(asked.take(), HEALED);
    assert_eq!((pool.status().learned, made().await), (1, 1));

    let reader = pool.read().await.unwrap();
    assert_eq!(reader.role(), Role::Replica);
    let error = reader.query_one("SELECT made FROM v", &[]).await.unwrap_err();
    assert!(matches!(error, PoolError::ReadOnly { .. }), "{error:?}");
    assert_eq!(made().await, 1, "a read guard made nothing");
    // Where it may write it goes on doing so.
    pool.query_one("SELECT made FROM v", &[]).await.unwrap();
    assert_eq!(made().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_guard_makes_a_large_object_on_the_primary() {
    let database = forebay_tests::shared().await.database("refused_objects").await;
    let pool = Pool::builder(PoolConfig::from_url(&database.primary_url()).unwrap()).build().await.unwrap();
    let (reader, snapshot) =
        (pool.read().await.unwrap(), pool.begin_with(TransactionOptions::snapshot()).await.unwrap());
    assert_eq!(reader.role(), Role::Primary);
    let make = "SELECT lo_create(0)";
    for error in [reader.query(make, &[]).await.unwrap_err(), snapshot.query(make, &[]).await.unwrap_err()] {
        assert!(matches!(error, PoolError::ReadOnly { .. }), "{error:?}");
    }
    let objects = "SELECT count(*) FROM pg_largeobject_metadata";
    let made = async || pool.query_one(objects, &[]).await.unwrap().get::<_, i64>(0);
    assert_eq!(made().await, 0);
    pool.query(make, &[]).await.unwrap();
    assert_eq!(made().await, 1);
}

/// What a read guard on a standby says to a statement: it ran on the primary, or the code of the standby's error.
async fn on_a_standby(pool: &Pool, asked: &Asked, sql: &str) -> String {
    let reader = pool.read().await.unwrap();
    assert_eq!(reader.role(), Role::Replica);
    asked.take();
    let result = reader.query(sql, &[]).await;
    let told = asked.take();
    match result {
        Ok(_) if told == HEALED => "healed".to_owned(),
        Ok(_) => "ran".to_owned(),
        Err(error) => {
            let tried = match told.len() {
                1 => "",
                _ => " on both",
            };
            let read_only = if matches!(error, PoolError::ReadOnly { .. }) { " read-only" } else { "" };
            error.sql_state().unwrap().code().to_owned() + read_only + tried
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_row_of_the_rule_by_code_and_routine() {
    let setup = "CREATE UNLOGGED TABLE unlogged (v int); CREATE SEQUENCE s; CREATE TABLE t (v int); \
        CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS v WITH NO DATA; CREATE INDEX by_range ON t USING brin (v); \
        CREATE FUNCTION makes_object() RETURNS oid LANGUAGE sql AS 'SELECT lo_create(0)'; \
        CREATE FUNCTION makes_record() RETURNS pg_lsn LANGUAGE sql \
            AS $$SELECT pg_logical_emit_message(false, 'a', 'b')$$";
    let (database, pool, asked) = pool("refused_rows", setup).await;
    let version: String =
        database.client().await.query_one("SHOW server_version_num", &[]).await.unwrap().get(0);
    // Since PostgreSQL 16 large objects are among what a read-only session is kept from.
    let (of_object, of_hidden_object) = match version.as_str() < "16" {
        true => ("XX000 read-only", "XX000 read-only"),
        // The text does not show it, so the primary is asked, which refuses as well.
        false => ("25006 read-only", "25006 read-only on both"),
    };
    for (sql, outcome) in [
        // 25006, PreventCommandIfReadOnly: the text writes, so no other read-only session takes it.
        ("INSERT INTO t VALUES (1)", "25006 read-only"),
        ("SELECT v FROM t FOR UPDATE", "25006 read-only"),
        // 0A000: an unlogged table, and what no server does.
        ("SELECT v FROM unlogged", "healed"),
        ("SELECT DISTINCT v FROM unlogged", "healed"),
        ("SELECT v FROM t UNION SELECT v FROM t LIMIT 1 FOR UPDATE", "0A000"),
        // 0A000 as well, by whoever checks a setting: the transaction would begin elsewhere.
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", "0A000"),
        // 55000: functions about the log a primary writes, and states of the session or of a view.
        ("SELECT pg_current_wal_lsn()::text", "healed"),
        ("SELECT pg_walfile_name('0/1')", "healed"),
        ("SELECT currval('s')", "55000"),
        ("SELECT lastval()", "55000"),
        ("SELECT v FROM unfilled", "55000"),
        // XX000: writes that a read-only session of the primary would let through.
        ("SELECT lo_create(0)", of_object),
        ("SELECT makes_object()", of_hidden_object),
        ("SELECT makes_record()", "XX000 read-only"),
        // The statement's own fault.
        ("SELECT 1/0", "22012"),
    ] {
        assert_eq!(on_a_standby(&pool, &asked, sql).await, outcome, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_plan_is_not_a_refusal() {
    let (database, pool, asked) =
        pool("refused_stale", "CREATE TABLE t (v int); INSERT INTO t VALUES (1)").await;
    let reader = pool.read().await.unwrap();
    assert_eq!(reader.query_one("SELECT * FROM t", &[]).await.unwrap().len(), 1);
    database.execute("ALTER TABLE t ADD COLUMN w int").await;
    asked.take();
    assert_eq!(reader.query_one("SELECT * FROM t", &[]).await.unwrap().len(), 2);
    assert_eq!(asked.take(), [(Role::Replica, Outcome::Done)], "healed on the replica itself");
    assert_eq!(pool.status().learned, 0);
}
