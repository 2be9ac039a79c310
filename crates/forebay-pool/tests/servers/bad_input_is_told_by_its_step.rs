//! What a caller gives that cannot be is a typed error that names the step, and the session goes on.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{ConnectReason, Pool, PoolConfig, PoolError, Step};
use forebay_tests::{Postgres, PostgresSpec, TestDatabase};
use std::{error::Error as _, time::Duration};

async fn pool(test: &str) -> (TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap();
    let pool = Pool::builder(config).build().await.unwrap();
    (database, pool)
}

/// The error of a statement by each way to run one.
async fn each_way(pool: &Pool, sql: &str) -> [PoolError; 4] {
    let (reader, writer) = (pool.read().await.unwrap(), pool.write().await.unwrap());
    let transaction = pool.begin().await.unwrap();
    let errors = [
        pool.query(sql, &[]).await.unwrap_err(),
        reader.query(sql, &[]).await.unwrap_err(),
        writer.query(sql, &[]).await.unwrap_err(),
        transaction.query(sql, &[]).await.unwrap_err(),
    ];
    // Nothing is left of it.
    reader.query("SELECT 1", &[]).await.unwrap();
    writer.query("SELECT 1", &[]).await.unwrap();
    errors
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_that_do_not_end() {
    let (_database, pool) = pool("bad_quotes").await;
    for sql in ["SELECT 'oops", "SELECT \"oops", "SELECT $a$ oops", "SELECT 1 /* oops"] {
        for error in each_way(&pool, sql).await {
            assert!(matches!(error, PoolError::Statement { step: Step::Statement, .. }), "{error:?}");
            assert_eq!(error.sql_state().unwrap().code(), "42601", "{sql}");
            assert!(!error.is_transient() && !error.is_outcome_unknown());
            assert!(error.to_string().starts_with("the statement failed on "), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nul_byte() {
    let (_database, pool) = pool("bad_nul").await;
    for error in each_way(&pool, "SELECT 'a\0b'").await {
        let PoolError::Argument { call: "the statement", reason } = &error else { panic!("{error:?}") };
        assert!(reason.contains("NUL byte at 9") && reason.contains("take it out"), "{reason}");
    }
    let writer = pool.write().await.unwrap();
    let error = writer.batch_execute("SELECT 1; SELECT '\0'").await.unwrap_err();
    assert!(matches!(error, PoolError::Argument { .. }), "{error:?}");
    // In a value only the server knows whether its type has one.
    let error = writer.query("SELECT $1::text", &[&"a\0b"]).await.unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "22021", "{error:?}");
    let kept = writer.query_one("SELECT length($1::bytea)", &[&&b"a\0b"[..]]).await.unwrap();
    assert_eq!(kept.get::<_, i32>(0), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_of_a_megabyte() {
    let (_database, pool) = pool("bad_megabyte").await;
    let long = "x".repeat(1 << 20);
    let sql = format!("SELECT length('{long}'), length($1)");
    for _ in 0..2 {
        let row = pool.query_one(&sql, &[&long]).await.unwrap();
        assert_eq!((row.get::<_, i32>(0), row.get::<_, i32>(1)), (1 << 20, 1 << 20));
    }
    let wrong = format!("SELECT '{long}");
    assert_eq!(pool.query(&wrong, &[]).await.unwrap_err().sql_state().unwrap().code(), "42601");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_a_connection_left() {
    let spec = PostgresSpec { connections: 10, ..PostgresSpec::default() };
    let server = Postgres::start(spec).await.unwrap();
    let config = PoolConfig {
        acquire_timeout: Duration::from_millis(300),
        idle_sessions_min: 0,
        ..PoolConfig::from_url(&server.primary_url()).unwrap()
    };
    let pool = Pool::builder(config.clone()).build().await.unwrap();
    let held = pool.write().await.unwrap();
    let mut others = Vec::new();
    while let Ok((client, connection)) =
        tokio_postgres::connect(&server.primary_url(), tokio_postgres::NoTls).await
    {
        others.push((client, tokio::spawn(connection)));
    }
    // Waiting may help: others may leave.
    let error = pool.write().await.unwrap_err();
    assert!(matches!(error, PoolError::AcquireTimeout { .. }) && error.is_transient(), "{error:?}");
    assert_eq!(error.connect_reason(), Some(ConnectReason::TooManyConnections));
    assert!(error.source().unwrap().to_string().contains("max_connections"), "{error:?}");
    let error = Pool::builder(config).build().await.unwrap_err();
    assert!(matches!(error, PoolError::Connect { .. }), "{error:?}");
    assert_eq!(error.connect_reason(), Some(ConnectReason::TooManyConnections));
    held.query("SELECT 1", &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_named_as_the_primary() {
    let database = forebay_tests::shared().await.database("bad_primary").await;
    let config = PoolConfig::from_url(&database.replica_urls()[0]).unwrap();
    let error = Pool::builder(config).build().await.unwrap_err();
    assert!(matches!(error, PoolError::NotPrimary { .. }), "{error:?}");
    let said = error.to_string();
    assert!(said.contains("is a standby") && said.contains("address of the primary as `primary`"), "{said}");
}
