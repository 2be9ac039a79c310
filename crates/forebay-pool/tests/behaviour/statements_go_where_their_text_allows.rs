//! Routing by text, in futures that are small.

use forebay_pool::{Pool, PoolConfig, Role};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn reads_to_replicas_and_everything_else_to_the_primary() {
    let database = forebay_tests::shared().await.database("routing").await;
    database
        .execute("CREATE TABLE t (v int); CREATE FUNCTION ours() RETURNS int LANGUAGE sql AS 'SELECT 7'")
        .await;
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap();
    let pool = Pool::builder(config).build().await.unwrap();

    let standby =
        pool.query_one("SELECT count(*) > 0 AS standby FROM t WHERE v > $1", &[&0_i32]).await.unwrap();
    assert!(!standby.get::<_, bool>(0));
    for (sql, role) in [
        ("SELECT v FROM t", Role::Replica),
        ("SELECT v FROM t FOR UPDATE", Role::Primary),
        ("INSERT INTO t VALUES (1)", Role::Primary),
        ("WITH w AS (DELETE FROM t RETURNING v) SELECT v FROM w", Role::Primary),
        ("SELECT ours()", Role::Primary),
    ] {
        let route = pool.explain_route(sql);
        assert_eq!(route.role, role, "{sql}: {route:?}");
        assert_eq!(route.reasons.is_empty(), role == Role::Replica, "{sql}: {route:?}");
    }
    // And so they go.
    assert_eq!(pool.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap(), 1);
    assert_eq!(pool.query_one("SELECT ours()", &[]).await.unwrap().get::<_, i32>(0), 7);
    assert!(pool.query_opt("SELECT v FROM t WHERE v = 2", &[]).await.unwrap().is_none());
    assert!(pool.query_one("SELECT v FROM t WHERE v = 2", &[]).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_read_guard_is_read_only_on_the_primary_as_well() {
    let database = forebay_tests::shared().await.database("read_only_primary").await;
    database.execute("CREATE TABLE t (v int)").await;
    let pool = Pool::builder(PoolConfig::from_url(&database.primary_url()).unwrap()).build().await.unwrap();
    let reader = pool.read().await.unwrap();
    assert_eq!(reader.role(), Role::Primary);
    let error = reader.query("INSERT INTO t VALUES (1)", &[]).await.unwrap_err();
    assert!(matches!(error, forebay_pool::PoolError::ReadOnly { .. }), "{error:?}");
}

/// A handler's future, which frameworks move and box, holds these. Most of it is the driver's own future.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_future_of_a_call_is_small() {
    let database = forebay_tests::shared().await.database("small_futures").await;
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap();
    let pool = Pool::builder(config).build().await.unwrap();
    let (reader, writer) = (pool.read().await.unwrap(), pool.write().await.unwrap());
    let transaction = pool.begin().await.unwrap();
    for (call, bytes) in [
        ("pool.query", size_of_val(&pool.query("SELECT 1", &[]))),
        ("pool.query_one", size_of_val(&pool.query_one("SELECT 1", &[]))),
        ("pool.execute", size_of_val(&pool.execute("SELECT 1", &[]))),
        ("reader.query", size_of_val(&reader.query("SELECT 1", &[]))),
        ("writer.query", size_of_val(&writer.query("SELECT 1", &[]))),
        ("transaction.query", size_of_val(&transaction.query("SELECT 1", &[]))),
    ] {
        assert!(bytes <= 2048, "{call}: {bytes} bytes");
    }
    for (call, bytes) in [
        ("transaction.commit", size_of_val(&transaction.commit())),
        ("pool.read", size_of_val(&pool.read())),
        ("pool.write", size_of_val(&pool.write())),
        ("pipelined.query", size_of_val(&pool.pipelined().query("SELECT 1", &[]))),
    ] {
        assert!(bytes <= 1024, "{call}: {bytes} bytes");
    }
}
