//! Behind a transaction pooler everything works that can, and what would leak is refused.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Bulk, Heard, Pool, PoolConfig, PoolError, Pooler, Role, TransactionOptions};
use forebay_scope::Scope;
use forebay_tests::{PgBouncer, TestDatabase};
use std::time::Duration;
use tokio_postgres::types::{FromSql, Kind, Type};

/// Each transaction gets another session than the one before.
const MANY: &[&str] = &["default_pool_size = 3", "min_pool_size = 3", "server_round_robin = 1"];
/// All clients share one session.
const ONE: &[&str] = &["default_pool_size = 1"];

struct Lab {
    database: TestDatabase,
    pooler: PgBouncer,
}

impl Lab {
    async fn start(test: &str, settings: &[&str], setup: &str) -> Self {
        let database = forebay_tests::shared().await.database(test).await;
        database.execute(setup).await;
        let pooler = PgBouncer::start(&database.primary_url(), settings).await.unwrap();
        Self { database, pooler }
    }

    fn config(&self) -> PoolConfig {
        PoolConfig::from_url(&self.pooler.url(self.database.name())).unwrap()
    }

    async fn pool(&self) -> Pool {
        Pool::builder(self.config()).build().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_run_on_whichever_session_there_is() {
    let lab = Lab::start("bouncer_many", MANY, "CREATE TABLE t (id int PRIMARY KEY, v text)").await;
    let pool = lab.pool().await;
    let (writer, reader) = (pool.write().await.unwrap(), pool.read().await.unwrap());
    // The pooler opens them one after the other, a third of a second apart: with fewer, the one that is held below may be
    // one that nothing was prepared on.
    let client = lab.database.client().await;
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    forebay_tests::eventually("the pooler has its sessions", async || {
        client.query_one(open, &[]).await.unwrap().get::<_, i64>(0) == 3
    })
    .await;
    let mut sessions = std::collections::HashSet::new();
    let mut held = None;
    for id in 0..12_i32 {
        if id == 6 {
            // Keeps the session that was used so far: what was prepared is needed on another one.
            let transaction = pool.begin().await.unwrap();
            transaction.query("SELECT 1", &[]).await.unwrap();
            held = Some(transaction);
        }
        writer.execute("INSERT INTO t VALUES ($1, $2)", &[&id, &format!("v{id}")]).await.unwrap();
        let row = reader.query_one("SELECT v, pg_backend_pid() FROM t WHERE id = $1", &[&id]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), format!("v{id}"));
        sessions.insert(row.get::<_, i32>(1));
        let rows = pool.query("SELECT v FROM t WHERE id = ANY($1)", &[&vec![id]]).await.unwrap();
        assert_eq!(rows.len(), 1);
    }
    assert!(sessions.len() > 1, "{sessions:?}");
    drop(held);
    // A changed result is described with every answer.
    let all = "SELECT * FROM t WHERE id = 1";
    assert_eq!(reader.query_one(all, &[]).await.unwrap().len(), 2);
    lab.database.execute("ALTER TABLE t ADD COLUMN w int").await;
    assert_eq!(reader.query_one(all, &[]).await.unwrap().len(), 3);
    // The number of parameters is checked before anything is sent.
    let error = writer.execute("INSERT INTO t VALUES ($1, $2)", &[&99_i32]).await.unwrap_err();
    assert!(matches!(error, PoolError::Statement { .. }) && error.sql_state().is_none(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_are_read_only_at_the_server() {
    for settings in [ONE, &["default_pool_size = 1", "ignore_startup_parameters = options"][..]] {
        let lab = Lab::start("bouncer_read", settings, "CREATE TABLE t (v int); CREATE SEQUENCE s").await;
        let config = PoolConfig { statement_timeout: Some(Duration::from_secs(7)), ..lab.config() };
        let pool = Pool::builder(config).build().await.unwrap();
        let reader = pool.read().await.unwrap();
        for write in ["INSERT INTO t VALUES (1)", "SELECT nextval('s')"] {
            let error = reader.query(write, &[]).await.unwrap_err();
            assert!(matches!(error, PoolError::ReadOnly { .. }), "{error:?}");
        }
        let limit = "SELECT current_setting('statement_timeout')";
        assert_eq!(reader.query_one(limit, &[]).await.unwrap().get::<_, String>(0), "7s");
        let scope = Scope::with_deadline(tokio::time::Instant::now() + Duration::from_secs(5));
        let limited = scope.run(reader.query_one(limit, &[])).await.unwrap();
        assert_eq!(limited.get::<_, String>(0), "5120ms");
        drop(reader);
        // Whoever gets the session next is not read-only, nor limited.
        let writer = pool.write().await.unwrap();
        writer.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
        assert_eq!(writer.query_one(limit, &[]).await.unwrap().get::<_, String>(0), "0");
        let transaction = pool.begin().await.unwrap();
        assert_eq!(transaction.query_one(limit, &[]).await.unwrap().get::<_, String>(0), "7s");
        transaction.rollback().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_on_one_session_see_nothing_of_each_other() {
    let lab = Lab::start("bouncer_shared", ONE, "CREATE TABLE t (v int); INSERT INTO t VALUES (1)").await;
    let (one, other) = (lab.pool().await, lab.pool().await);
    let pid = "SELECT pg_backend_pid()";
    let of =
        async |pool: &Pool| pool.write().await.unwrap().query_one(pid, &[]).await.unwrap().get::<_, i32>(0);
    assert_eq!(of(&one).await, of(&other).await);
    // The driver numbers its statements from zero in every program: two with one name must not meet.
    let plain = lab.database.client().await;
    for round in 0..20 {
        let text = format!("SELECT v + {round} FROM t");
        let (a, b) =
            futures_util::join!(one.query_one(&text, &[]), other.query_one("SELECT v, 'b' FROM t", &[]));
        assert_eq!(a.unwrap().get::<_, i32>(0), 1 + round);
        assert_eq!(b.unwrap().get::<_, String>(1), "b");
    }
    let setting = "SELECT current_setting('work_mem')";
    let before: String = plain.query_one(setting, &[]).await.unwrap().get(0);
    let transaction = one.begin().await.unwrap();
    transaction.batch_execute("SET LOCAL work_mem = '9MB'").await.unwrap();
    transaction.query("SELECT pg_advisory_xact_lock(7)", &[]).await.unwrap();
    transaction.batch_execute("CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 5 AS v").await.unwrap();
    assert_eq!(transaction.query_one("SELECT v FROM t", &[]).await.unwrap().get::<_, i32>(0), 5);
    transaction.commit().await.unwrap();
    let writer = other.write().await.unwrap();
    assert_eq!(writer.query_one(setting, &[]).await.unwrap().get::<_, String>(0), before);
    assert_eq!(writer.query_one("SELECT v FROM t", &[]).await.unwrap().get::<_, i32>(0), 1);
    let left = "SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') \
        + (SELECT count(*) FROM pg_prepared_statements)";
    assert_eq!(writer.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_leak_is_refused_by_its_kind() {
    let lab = Lab::start("bouncer_refused", ONE, "CREATE SEQUENCE s").await;
    let pool = lab.pool().await;
    let writer = pool.write().await.unwrap();
    for (sql, kind) in [
        ("SET search_path = a", "SET"),
        ("LISTEN news", "LISTEN"),
        ("SELECT pg_advisory_lock(7)", "a session advisory lock"),
        ("PREPARE p AS SELECT 1", "the SQL command PREPARE"),
        ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", "a cursor WITH HOLD"),
        ("CREATE TEMP TABLE x (v int)", "a temporary table"),
    ] {
        for error in [
            writer.query(sql, &[]).await.unwrap_err(),
            writer.batch_execute(sql).await.unwrap_err(),
            pool.query(sql, &[]).await.unwrap_err(),
        ] {
            assert!(
                matches!(error, PoolError::BehindPooler { what, .. } if what == kind),
                "{sql}: {error:?}"
            );
        }
    }
    let error = pool.read().await.unwrap().query("BEGIN", &[]).await.unwrap_err();
    assert!(matches!(error, PoolError::BehindPooler { .. }), "{error:?}");
    // Nothing was sent, and the session goes on.
    writer.query("SELECT nextval('s')", &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_statement_stops_and_the_session_is_clean() {
    let lab = Lab::start("bouncer_cancel", ONE, "CREATE TABLE t (v int)").await;
    let pool = lab.pool().await;
    let writer = pool.write().await.unwrap();
    let client = lab.database.client().await;
    let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60%' AND state = 'active' \
        AND datname = current_database()";
    let count = async || client.query_one(running, &[]).await.unwrap().get::<_, i64>(0);
    {
        let mut slow = Box::pin(writer.query("SELECT pg_sleep(600)", &[]));
        let started = forebay_tests::eventually("it runs", async || count().await == 1);
        tokio::select! {
            _ = &mut slow => panic!("it is slow"),
            () = started => {}
        }
    }
    assert_eq!(writer.query_one("SELECT 1", &[]).await.unwrap().get::<_, i32>(0), 1);
    assert_eq!(count().await, 0);
    // A transaction that was dropped in the middle.
    drop(writer);
    let transaction = pool.begin().await.unwrap();
    transaction.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
    drop(transaction);
    let left = pool.write().await.unwrap().query_one("SELECT count(*) FROM t", &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_read_on_a_replica() {
    let lab = Lab::start("bouncer_positions", MANY, "CREATE TABLE t (v int)").await;
    let config = lab.config().replicas(lab.database.replica_urls()).unwrap();
    let pool =
        Pool::builder(PoolConfig { catch_up_wait: Duration::from_secs(5), ..config }).build().await.unwrap();
    for v in 0..10_i32 {
        let insert =
            async |tx: &forebay_pool::Transaction| tx.execute("INSERT INTO t VALUES ($1)", &[&v]).await;
        let position = pool.transaction(insert).await.unwrap().position;
        let reader = pool.read_after(position).await.unwrap();
        assert_eq!(reader.role(), Role::Replica);
        assert_eq!(reader.query("SELECT v FROM t WHERE v = $1", &[&v]).await.unwrap().len(), 1);
    }
    // A write by itself, in a scope.
    let count = async {
        pool.write().await?.execute("INSERT INTO t VALUES (99)", &[]).await?;
        pool.query("SELECT v FROM t WHERE v = 99", &[]).await
    };
    assert_eq!(Scope::new().run(count).await.unwrap().len(), 1);
}

#[derive(Debug, PartialEq)]
struct Label(String);

impl<'a> FromSql<'a> for Label {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?.to_owned()))
    }

    fn accepts(type_: &Type) -> bool {
        matches!(type_.kind(), Kind::Enum(labels) if labels.len() == 2)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_of_ones_own_are_looked_up_on_any_session() {
    let setup = "CREATE TYPE mood AS ENUM ('calm', 'keen'); CREATE TYPE size AS ENUM ('s', 'l'); \
        CREATE TABLE t (m mood, s size); INSERT INTO t VALUES ('calm', 'l')";
    let lab = Lab::start("bouncer_types", MANY, setup).await;
    let pool = lab.pool().await;
    let reader = pool.read().await.unwrap();
    // The driver prepares its own questions about types once, and asks them again on another session.
    for (sql, label) in [("SELECT m FROM t", "calm"), ("SELECT s FROM t", "l"), ("SELECT m FROM t", "calm")] {
        assert_eq!(reader.query_one(sql, &[]).await.unwrap().get::<_, Label>(0).0, label);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_ones_own_is_told_from_a_pooler() {
    let lab = Lab::start("bouncer_auto", ONE, "SELECT 1").await;
    let set = async |url: &str, pooler: Pooler| {
        let config = PoolConfig { pooler, ..PoolConfig::from_url(url).unwrap() };
        let pool = Pool::builder(config).build().await.unwrap();
        pool.write().await.unwrap().batch_execute("SET work_mem = '9MB'").await.is_ok()
    };
    assert!(set(&lab.database.primary_url(), Pooler::Auto).await);
    assert!(!set(&lab.database.primary_url(), Pooler::Transaction).await);
    assert!(!set(&lab.pooler.url(lab.database.name()), Pooler::Auto).await);
    assert!(!set(&lab.pooler.url(lab.database.name()), Pooler::Transaction).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_rows_go_as_arrays_and_as_copies() {
    let setup = "CREATE TYPE mood AS ENUM ('calm', 'keen'); \
        CREATE TABLE t (id int PRIMARY KEY, v text, m mood DEFAULT 'calm', l int[])";
    let lab = Lab::start("bouncer_bulk", MANY, setup).await;
    // Two are arrays, four are a copy.
    let pool = Pool::builder(PoolConfig { bulk_copy_rows_min: 3, ..lab.config() }).build().await.unwrap();
    let columns = Bulk::into("t").columns(["id", "v"]);
    let rows =
        |from: i32, count: i32| (from..from + count).map(|id| (id, format!("v{id}"))).collect::<Vec<_>>();
    let writer = pool.write().await.unwrap();
    for round in 0..8 {
        let count = if round % 2 == 0 { 2 } else { 4 };
        let written = writer.insert_many(&columns, &rows(round * 10, count)).await.unwrap();
        assert_eq!(written, u64::try_from(count).unwrap());
        // What follows on the same connection has its own answers.
        let row = writer.query_one("SELECT v FROM t WHERE id = $1", &[&(round * 10)]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), format!("v{}", round * 10));
    }
    let transaction = pool.begin().await.unwrap();
    transaction.execute("INSERT INTO t VALUES (100, 'one')", &[]).await.unwrap();
    assert_eq!(transaction.insert_many(&columns, &rows(101, 2)).await.unwrap(), 2);
    assert_eq!(transaction.insert_many(&columns, &rows(103, 4)).await.unwrap(), 4);
    let upsert = columns.clone().or_update(["id"]);
    assert_eq!(transaction.insert_many(&upsert, &rows(100, 4)).await.unwrap(), 4);
    // Columns that are arrays are always copied.
    let lists = Bulk::into("t").columns(["id", "l"]);
    assert_eq!(transaction.insert_many(&lists, &[(200_i32, vec![1_i32, 2])]).await.unwrap(), 1);
    let count = "SELECT count(*) FROM t WHERE id >= 100";
    assert_eq!(transaction.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 8);
    drop(transaction);
    assert_eq!(writer.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 0, "it was rolled back");
    // A row that is there already fails the whole copy, and is named.
    let error = writer.insert_many(&columns, &rows(0, 4)).await.unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "23505", "{error:?}");
    drop(writer);
    let done = pool.transaction(async |tx| tx.insert_many(&columns, &rows(300, 4)).await).await.unwrap();
    let seen = pool.read_after(done.position).await.unwrap();
    assert_eq!(seen.query("SELECT id FROM t WHERE id >= 300", &[]).await.unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listening_leads_past_the_pooler_or_is_refused() {
    let lab = Lab::start("bouncer_listen", ONE, "SELECT 1").await;
    for pooler in [Pooler::Auto, Pooler::Transaction] {
        let pool = Pool::builder(PoolConfig { pooler, ..lab.config() }).build().await.unwrap();
        let error = pool.listen(["jobs"]).await.unwrap_err();
        let PoolError::BehindPooler { what: "LISTEN", instead, .. } = error else { panic!("{error:?}") };
        assert!(instead.contains("`direct`"), "{instead}");
    }
    let left = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%LISTEN%' AND pid <> pg_backend_pid() \
        AND datname = current_database()";
    let client = lab.database.client().await;
    assert_eq!(client.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0, "nobody listens for nobody");

    let direct = vec![lab.database.primary_url()];
    let pool = Pool::builder(PoolConfig { direct, ..lab.config() }).build().await.unwrap();
    let mut jobs = pool.listen(["jobs"]).await.unwrap();
    pool.write().await.unwrap().query("SELECT pg_notify('jobs', 'one')", &[]).await.unwrap();
    let Some(Heard::Notification(job)) = jobs.next().await else { panic!("a notification") };
    assert_eq!(job.payload(), "one");

    let two = vec![lab.database.primary_url(); 2];
    let error = Pool::builder(PoolConfig { direct: two, ..lab.config() }).build().await.unwrap_err();
    assert!(matches!(error, PoolError::Config { key: "direct", .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_only_reads_is_one_transaction_there() {
    let lab = Lab::start("bouncer_snapshot", MANY, "CREATE TABLE t (v int)").await;
    let pool = lab.pool().await;
    let count = "SELECT count(*), pg_backend_pid() FROM t";
    let transaction = pool.begin_with(TransactionOptions::snapshot()).await.unwrap();
    let before = transaction.query_one(count, &[]).await.unwrap();
    pool.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
    transaction.batch_execute("SAVEPOINT s").await.unwrap();
    let after = transaction.query_one(count, &[]).await.unwrap();
    let both = |row: &tokio_postgres::Row| (row.get::<_, i64>(0), row.get::<_, i32>(1));
    assert_eq!(both(&before), both(&after), "one snapshot, on one session of the server");
    let error = transaction.execute("INSERT INTO t VALUES (2)", &[]).await.unwrap_err();
    assert!(matches!(error, PoolError::ReadOnly { .. }), "{error:?}");
    drop(transaction);
    // What reads next on that session is read-only by itself again.
    let reader = pool.read().await.unwrap();
    assert_eq!(reader.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 1);
    let error = reader.query("INSERT INTO t VALUES (3)", &[]).await.unwrap_err();
    assert!(matches!(error, PoolError::ReadOnly { .. }), "{error:?}");
}
