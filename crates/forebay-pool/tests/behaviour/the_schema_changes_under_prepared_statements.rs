//! Prepared statements while the schema changes: nobody outside of a transaction hears of it.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, PoolError, Reader};
use forebay_tests::TestDatabase;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

async fn pool(test: &str, setup: &str) -> (TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    database.execute(setup).await;
    let config = PoolConfig::from_url(&database.primary_url()).unwrap();
    // One that writes: what it has prepared is what the next one finds.
    let config = PoolConfig { write_sessions_max: 1, primary_read_sessions_max: 4, ..config };
    (database, Pool::builder(config).build().await.unwrap())
}

/// How often the server of a session has parsed a text that is kept, by the names its statements got.
async fn names(reader: &Reader) -> Vec<String> {
    let kept = "SELECT name FROM pg_prepared_statements WHERE statement = 'SELECT * FROM t' ORDER BY name";
    reader.query(kept, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_beside_a_storm_of_changes_see_none() {
    let (database, pool) =
        pool("ddl_storm", "CREATE TABLE t (v int, w int); INSERT INTO t VALUES (7, 0)").await;
    let (done, read) = (AtomicBool::new(false), AtomicU64::new(0));
    let storm = async {
        let client = database.client().await;
        for _ in 0..150 {
            for change in [
                "ADD COLUMN x int",
                "ALTER COLUMN w TYPE text",
                "DROP COLUMN x",
                "ALTER COLUMN w TYPE int USING 0",
            ] {
                client.batch_execute(&format!("ALTER TABLE t {change}")).await.unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
    };
    let reader = || async {
        while !done.load(Ordering::Relaxed) {
            let row = pool.read().await.unwrap().query_one("SELECT * FROM t", &[]).await.unwrap();
            assert_eq!(row.get::<_, i32>("v"), 7);
            let rows = pool.query("SELECT * FROM t WHERE v = $1", &[&7_i32]).await.unwrap();
            assert_eq!(rows[0].get::<_, i32>("v"), 7);
            read.fetch_add(2, Ordering::Relaxed);
        }
    };
    futures_util::join!(storm, reader(), reader(), reader());
    assert!(read.load(Ordering::Relaxed) > 100, "{read:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_failure_tells_the_other_sessions() {
    let (database, pool) = pool("ddl_epoch", "CREATE TABLE t (v int); INSERT INTO t VALUES (1)").await;
    let (one, other) = (pool.read().await.unwrap(), pool.read().await.unwrap());
    for reader in [&one, &other] {
        assert_eq!(reader.query_one("SELECT * FROM t", &[]).await.unwrap().len(), 1);
    }
    let before = names(&other).await;
    database.execute("ALTER TABLE t ADD COLUMN w int").await;
    assert_eq!(one.query_one("SELECT * FROM t", &[]).await.unwrap().len(), 2);
    // Prepared anew before it could fail: inside a transaction, where a failure would have been the caller's.
    other.query("BEGIN", &[]).await.unwrap();
    assert_eq!(other.query_one("SELECT * FROM t", &[]).await.unwrap().len(), 2);
    other.query("COMMIT", &[]).await.unwrap();
    let after = names(&other).await;
    assert!(after.len() == 1 && before.len() == 1 && after != before, "{before:?} {after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_transaction_says_that_it_can_be_run_again() {
    let (database, pool) = pool("ddl_transaction", "CREATE TABLE t (v int); INSERT INTO t VALUES (1)").await;
    pool.write().await.unwrap().query("SELECT * FROM t", &[]).await.unwrap();
    database.execute("ALTER TABLE t ADD COLUMN w int").await;
    let work = async |tx: &forebay_pool::Transaction| {
        tx.execute("INSERT INTO t (v) VALUES (2)", &[]).await?;
        Ok::<_, PoolError>(tx.query("SELECT * FROM t", &[]).await?.len())
    };
    let error = pool.transaction(work).await.unwrap_err();
    assert!(matches!(error, PoolError::RetryTransaction { .. }), "{error:?}");
    assert!(error.is_transient() && !error.is_outcome_unknown(), "{error:?}");
    assert_eq!(pool.transaction(work).await.unwrap().value, 2, "the first attempt was rolled back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_several_ask_for_is_prepared_once() {
    let (_database, pool) = pool("ddl_once", "CREATE TABLE t (v int); INSERT INTO t VALUES (1)").await;
    let reader = pool.read().await.unwrap();
    let one = || reader.query_one("SELECT * FROM t", &[]);
    let (a, b, c) = futures_util::join!(one(), one(), one());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(names(&reader).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_search_path_reads_other_tables() {
    let setup = "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (v int); CREATE TABLE b.t (v text, w int); \
        INSERT INTO a.t VALUES (1); INSERT INTO b.t VALUES ('two', 2)";
    let (_database, pool) = pool("ddl_search_path", setup).await;
    let writer = pool.write().await.unwrap();
    for _ in 0..2 {
        writer.batch_execute("SET search_path = a").await.unwrap();
        assert_eq!(writer.query_one("SELECT * FROM t", &[]).await.unwrap().get::<_, i32>(0), 1);
        writer.batch_execute("SET search_path = b").await.unwrap();
        assert_eq!(writer.query_one("SELECT * FROM t", &[]).await.unwrap().get::<_, String>(0), "two");
    }
}

/// An enum's value, as its label.
#[derive(Debug)]
struct Label(String);

impl<'a> tokio_postgres::types::FromSql<'a> for Label {
    fn from_sql(
        _: &tokio_postgres::types::Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?.to_owned()))
    }

    /// Like a derived one: by the labels the driver remembers.
    fn accepts(type_: &tokio_postgres::types::Type) -> bool {
        matches!(type_.kind(), tokio_postgres::types::Kind::Enum(labels) if labels.iter().any(|label| label == "calm"))
    }
}

impl tokio_postgres::types::ToSql for Label {
    fn to_sql(
        &self,
        _: &tokio_postgres::types::Type,
        out: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(tokio_postgres::types::IsNull::No)
    }

    fn accepts(type_: &tokio_postgres::types::Type) -> bool {
        matches!(type_.kind(), tokio_postgres::types::Kind::Enum(_))
    }

    tokio_postgres::types::to_sql_checked!();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enum_that_was_dropped_and_made_again_is_known_again() {
    let setup = "CREATE TYPE mood AS ENUM ('calm'); CREATE TABLE t (id int, v mood); INSERT INTO t VALUES (1, 'calm')";
    let (database, pool) = pool("ddl_enum", setup).await;
    let writer = pool.write().await.unwrap();
    let mood = Label("calm".to_owned());
    let (by_result, by_parameter) = ("SELECT v FROM t", "SELECT id FROM t WHERE v = $1");
    for round in 0..2 {
        assert_eq!(writer.query_one(by_result, &[]).await.unwrap().get::<_, Label>(0).0, "calm");
        assert_eq!(writer.query_one(by_parameter, &[&mood]).await.unwrap().get::<_, i32>(0), 1);
        if round == 0 {
            let again = "DROP TYPE mood CASCADE; CREATE TYPE mood AS ENUM ('calm', 'other'); \
                ALTER TABLE t ADD COLUMN v mood; UPDATE t SET v = 'calm'";
            database.execute(again).await;
            // By the parameter alone: its type is gone, and the result is as before.
            assert_eq!(writer.query_one(by_parameter, &[&mood]).await.unwrap().get::<_, i32>(0), 1);
        }
    }
}
