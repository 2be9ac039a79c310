//! A statement whose future was dropped is stopped, and the next borrower finds a clean session.

use forebay_pool::{Pool, PoolConfig};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_server_stops_the_statement_and_the_session_is_lent_again() {
    let database = forebay_tests::shared().await.database("dropped_query").await;
    let config =
        PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let writer = pool.write().await.unwrap();
    let pid: i32 = writer.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);

    let slow = writer.query("SELECT pg_sleep(600)", &[]);
    assert!(tokio::time::timeout(Duration::from_millis(50), slow).await.is_err());
    drop(writer);

    // The only session there is: it comes back although its statement would have run for ten minutes.
    let writer = pool.write().await.unwrap();
    let again: i32 = writer.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    assert_eq!(again, pid, "the session was cleaned, not replaced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_same_guard_can_go_on_after_a_dropped_statement() {
    let database = forebay_tests::shared().await.database("dropped_query_same").await;
    let pool = Pool::builder(PoolConfig::from_url(&database.primary_url()).unwrap()).build().await.unwrap();
    let writer = pool.write().await.unwrap();
    let slow = writer.query("SELECT pg_sleep(600)", &[]);
    assert!(tokio::time::timeout(Duration::from_millis(50), slow).await.is_err());
    assert_eq!(writer.query_one("SELECT 7", &[]).await.unwrap().get::<_, i32>(0), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_open_transaction_is_not_handed_on() {
    let database = forebay_tests::shared().await.database("open_transaction").await;
    database.execute("CREATE TABLE t (v int)").await;
    let config =
        PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let transaction = pool.begin().await.unwrap();
    transaction.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
    drop(transaction);

    let writer = pool.write().await.unwrap();
    assert_eq!(writer.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get::<_, i64>(0), 0);
    // Also one opened behind the pool's back.
    writer.execute("BEGIN", &[]).await.unwrap();
    writer.execute("INSERT INTO t VALUES (2)", &[]).await.unwrap();
    drop(writer);
    let writer = pool.write().await.unwrap();
    assert_eq!(writer.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get::<_, i64>(0), 0);
}
