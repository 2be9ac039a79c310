//! What `docs/src/pool-sizing.md` counts is what a server sees, with every caller that finds none waiting.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig};
use forebay_tests::eventually;
use futures_util::future::join_all;
use std::time::Duration;

const APPLICATION: &str = "sizing";

fn config(primary: &str) -> PoolConfig {
    PoolConfig {
        write_sessions_max: 3,
        primary_read_sessions_max: 2,
        replica_sessions_max: 4,
        acquire_timeout: Duration::from_secs(2),
        application_name: APPLICATION.to_owned(),
        ..PoolConfig::from_url(primary).unwrap()
    }
}

/// Sessions of the pool, as the server sees them.
async fn seen(url: &str) -> i64 {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()";
    client.query_one(sql, &[&APPLICATION]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_primary_those_for_writes_and_for_reads_and_the_probe() {
    let database = forebay_tests::shared().await.database("sizing_primary").await;
    let url = database.primary_url();
    let pool = Pool::builder(config(&url)).build().await.unwrap();
    let writers: Vec<_> =
        join_all((0..6).map(|_| pool.write())).await.into_iter().filter_map(Result::ok).collect();
    let readers: Vec<_> =
        join_all((0..6).map(|_| pool.read())).await.into_iter().filter_map(Result::ok).collect();
    assert_eq!((writers.len(), readers.len()), (3, 2));
    eventually("all are there", async || seen(&url).await == 3 + 2 + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_replica_those_for_reads_and_the_probe() {
    let database = forebay_tests::shared().await.database("sizing_replica").await;
    let replica = database.replica_urls().swap_remove(0);
    let pool =
        Pool::builder(config(&database.primary_url()).replicas([&replica]).unwrap()).build().await.unwrap();
    // Those that find none there may read on the primary.
    let readers: Vec<_> =
        join_all((0..9).map(|_| pool.read())).await.into_iter().filter_map(Result::ok).collect();
    assert!(readers.len() >= 4, "{}", readers.len());
    eventually("all are there", async || seen(&replica).await == 4 + 1).await;
}
