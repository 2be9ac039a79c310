//! Bulk: all rows or none, by arrays or by `COPY`, and an error names the row.

use forebay_pool::{Bulk, Pool, PoolConfig, PoolError};
use forebay_scope::Scope;
use forebay_tests::TestDatabase;

const TABLE: &str = "CREATE SCHEMA s; CREATE TABLE s.\"Account\" (id bigint PRIMARY KEY, name text NOT NULL, \
                     balance int CHECK (balance >= 0), tags text[])";

async fn pool(database: &TestDatabase, copy_from: usize) -> Pool {
    let config = PoolConfig {
        write_sessions_max: 1,
        bulk_copy_rows_min: copy_from,
        ..PoolConfig::from_url(&database.primary_url()).expect("an address")
    };
    Pool::builder(config).build().await.expect("a server")
}

fn accounts() -> Bulk {
    Bulk::into("s.Account").columns(["id", "name", "balance"])
}

fn rows(ids: std::ops::Range<i64>) -> Vec<(i64, String, Option<i32>)> {
    ids.map(|id| (id, format!("account {id}"), (id % 3 > 0).then_some(7))).collect()
}

async fn count(pool: &Pool) -> (i64, i64, i64) {
    let sql = "SELECT count(*), coalesce(sum(id), 0)::bigint, count(balance) FROM s.\"Account\"";
    let row = pool.write().await.expect("a session").query_one(sql, &[]).await.expect("a row");
    (row.get(0), row.get(1), row.get(2))
}

async fn pid(pool: &Pool) -> i32 {
    let writer = pool.write().await.expect("a session");
    writer.query_one("SELECT pg_backend_pid()", &[]).await.expect("a row").get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_way_writes_the_same() {
    for (name, copy_from) in [("bulk_unnest", usize::MAX), ("bulk_copy", 1)] {
        let database = forebay_tests::shared().await.database(name).await;
        database.execute(TABLE).await;
        let pool = pool(&database, copy_from).await;
        let session = pid(&pool).await;
        for _round in 0..3 {
            let writer = pool.write().await.expect("a session");
            writer.batch_execute("TRUNCATE s.\"Account\"").await.expect("it is there");
            assert_eq!(writer.insert_many(&accounts(), &rows(0..1000)).await.expect("good rows"), 1000);
            assert_eq!(writer.insert_many(&accounts(), &rows(0..0)).await.expect("no rows"), 0);
            drop(writer);
            assert_eq!(count(&pool).await, (1000, 499_500, 666), "{name}");
        }
        assert_eq!(pid(&pool).await, session, "the session is used again: {name}");
        let tx = pool.begin().await.expect("a session");
        tx.insert_many(&accounts(), &rows(1000..1100)).await.expect("good rows");
        tx.rollback().await.expect("it is open");
        assert_eq!(count(&pool).await.0, 1000);
        let tx = pool.begin().await.expect("a session");
        tx.insert_many(&accounts(), &rows(1000..1100)).await.expect("good rows");
        tx.execute("UPDATE s.\"Account\" SET balance = 1 WHERE id = 1000", &[]).await.expect("the row");
        tx.commit().await.expect("it is open");
        assert_eq!(count(&pool).await.0, 1100);
        assert_eq!(pid(&pool).await, session, "after transactions as well: {name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_names_the_row_and_nothing_is_written() {
    for (name, copy_from) in [("bulk_wrong_unnest", usize::MAX), ("bulk_wrong_copy", 1)] {
        let database = forebay_tests::shared().await.database(name).await;
        database.execute(TABLE).await;
        let pool = pool(&database, copy_from).await;
        let writer = pool.write().await.expect("a session");
        // A value of another type than the column's.
        let wrong = Bulk::into("s.Account").columns(["id", "name"]);
        let error = writer.insert_many(&wrong, &[(1_i64, 2_i64)]).await.expect_err("no text");
        assert!(matches!(error, PoolError::Row { row: 0, .. }), "{name}: {error:?}");
        drop(writer);
        // A row that the server refuses: it says which of a copy.
        let mut bad = rows(0..600);
        bad[417].2 = Some(-1);
        let writer = pool.write().await.expect("a session");
        let error = writer.insert_many(&accounts(), &bad).await.expect_err("a check fails");
        assert_eq!(error.sql_state().map(|code| code.code()), Some("23514"), "{error:?}");
        assert_eq!(matches!(error, PoolError::Row { row: 417, .. }), copy_from == 1, "{name}: {error:?}");
        drop(writer);
        assert_eq!(count(&pool).await.0, 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_there_are_skipped_or_updated() {
    let database = forebay_tests::shared().await.database("bulk_upsert").await;
    database.execute(TABLE).await;
    // However many there are.
    let pool = pool(&database, 1).await;
    let writer = pool.write().await.expect("a session");
    writer.insert_many(&accounts(), &rows(0..10)).await.expect("good rows");
    assert_eq!(writer.insert_many(&accounts().or_skip(), &rows(5..15)).await.expect("good rows"), 5);
    let renamed: Vec<_> = (0..20_i64).map(|id| (id, "renamed", 1_i32)).collect();
    assert_eq!(writer.insert_many(&accounts().or_update(["id"]), &renamed).await.expect("good rows"), 20);
    let sql = "SELECT count(*) FROM s.\"Account\" WHERE name = 'renamed' AND balance = 1";
    let renamed: i64 = writer.query_one(sql, &[]).await.expect("a row").get(0);
    assert_eq!(renamed, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arrays_are_copied_and_mistakes_are_named() {
    let database = forebay_tests::shared().await.database("bulk_arrays").await;
    database.execute(TABLE).await;
    let pool = pool(&database, usize::MAX).await;
    let writer = pool.write().await.expect("a session");
    let tagged = Bulk::into("s.Account").columns(["id", "name", "tags"]);
    let row = [(1_i64, "a", vec!["x", "y"]), (2, "b", vec![])];
    assert_eq!(writer.insert_many(&tagged, &row).await.expect("good rows"), 2);
    for (bulk, said) in [
        (Bulk::into("s.Account"), "names no columns"),
        (Bulk::into("s.Account").columns(["id"]), "row 0 (counted from 0) has 3 values for 1 columns"),
        (tagged.or_skip(), "is an array"),
    ] {
        let error = writer.insert_many(&bulk, &row).await.expect_err(said);
        assert!(matches!(error, PoolError::Argument { .. }) && error.to_string().contains(said), "{error}");
    }
    let error = writer.insert_many(&Bulk::into("s.nothing").columns(["id"]), &[(1_i64,)]).await;
    assert_eq!(error.expect_err("no table").sql_state().map(|code| code.code()), Some("42P01"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scope_learns_of_the_write() {
    let database = forebay_tests::shared().await.database("bulk_scope").await;
    database.execute(TABLE).await;
    let config = PoolConfig {
        bulk_copy_rows_min: 1,
        ..PoolConfig::from_url(&database.primary_url()).expect("an address")
    };
    let pool = Pool::builder(config.replicas(database.replica_urls()).expect("addresses"))
        .build()
        .await
        .expect("servers");
    let counted = Scope::new()
        .run(async {
            pool.write().await?.insert_many(&accounts(), &rows(0..50)).await?;
            pool.read().await?.query_one("SELECT count(*) FROM s.\"Account\"", &[]).await
        })
        .await;
    assert_eq!(counted.expect("servers answer").get::<_, i64>(0), 50);
}
