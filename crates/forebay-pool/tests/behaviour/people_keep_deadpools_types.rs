//! Code written against deadpool-postgres's `GenericClient` runs on a guard.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use deadpool_postgres::GenericClient;
use forebay_pool::{Pool, PoolConfig, deadpool_postgres014};

async fn their_code(client: &impl GenericClient) -> i64 {
    let statement = client.prepare_cached("SELECT count(*) FROM t").await.unwrap();
    client.query_one(&statement, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_generic_client_on_a_guard() {
    let database = forebay_tests::shared().await.database("generic_client").await;
    database.execute("CREATE TABLE t (v int)").await;
    let config =
        PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let mut writer = pool.write().await.unwrap();
    let transaction = deadpool_postgres014::transaction(&mut writer).await.unwrap();
    transaction.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
    assert_eq!(their_code(&transaction).await, 1);
    transaction.commit().await.unwrap();
    let mut reader = pool.read().await.unwrap();
    assert_eq!(their_code(&deadpool_postgres014::read_transaction(&mut reader).await.unwrap()).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_was_left_running_below_a_guard_is_stopped() {
    let database = forebay_tests::shared().await.database("left_running").await;
    let config =
        PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let writer = pool.write().await.unwrap();
    {
        let client = deadpool_postgres014::client(&writer);
        client.batch_execute("BEGIN").await.unwrap();
        let mut slow = Box::pin(client.query("SELECT pg_sleep(600)", &[]));
        // Polled once: it is in the driver's queue, and not on the wire yet.
        assert!(futures_util::poll!(slow.as_mut()).is_pending());
    }
    drop(writer);
    let writer = pool.write().await.unwrap();
    writer.batch_execute("VACUUM").await.expect("outside of a transaction");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn copied_data_costs_the_session_and_nothing_else() {
    let database = forebay_tests::shared().await.database("copy_in").await;
    database.execute("CREATE TABLE t (v int)").await;
    let config =
        PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let writer = pool.write().await.unwrap();
    {
        let client = deadpool_postgres014::client(&writer);
        let sink = client.copy_in::<_, bytes::Bytes>("COPY t FROM STDIN").await.unwrap();
        let mut sink = std::pin::pin!(sink);
        futures_util::future::poll_fn(|cx| futures_util::Sink::poll_ready(sink.as_mut(), cx)).await.unwrap();
        futures_util::Sink::start_send(sink.as_mut(), bytes::Bytes::from_static(b"7\n")).unwrap();
        assert_eq!(sink.as_mut().finish().await.unwrap(), 1);
    }
    drop(writer);
    let writer = pool.write().await.unwrap();
    assert_eq!(writer.query_one("SELECT v FROM t", &[]).await.unwrap().get::<_, i32>(0), 7);
}
