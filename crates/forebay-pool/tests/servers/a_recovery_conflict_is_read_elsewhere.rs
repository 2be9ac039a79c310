//! A read that stands in the way of replay is ended by the standby, and runs once more on the primary.

use forebay_pool::{Pool, PoolConfig, Role};
use forebay_tests::{Postgres, PostgresSpec, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_caller_does_not_see_the_conflict() {
    let spec = PostgresSpec::with_standbys(1)
        .setting("max_standby_streaming_delay", "0")
        .setting("hot_standby_feedback", "off");
    let postgres = Postgres::start(spec).await.unwrap();
    let config =
        PoolConfig::from_url(&postgres.primary_url()).unwrap().replicas(postgres.standby_urls()).unwrap();
    let pool = Pool::builder(config).build().await.unwrap();
    let writer = pool.write().await.unwrap();
    writer
        .batch_execute("CREATE TABLE t (v int); INSERT INTO t SELECT generate_series(1, 100)")
        .await
        .unwrap();
    postgres.caught_up(0).await.unwrap();

    let (reader, watcher) = (pool.read().await.unwrap(), pool.read().await.unwrap());
    assert_eq!((reader.role(), watcher.role()), (Role::Replica, Role::Replica));
    // Endless on a standby, immediate on the primary.
    let sql =
        "SELECT CASE WHEN pg_is_in_recovery() THEN pg_sleep(600)::text ELSE 'primary' END FROM t LIMIT 1";
    let conflict = async {
        let running = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        let running = async || watcher.query_one(running, &[]).await.unwrap().get::<_, i64>(0);
        eventually("the statement runs", async || running().await > 0).await;
        drop(watcher);
        // What the standby's snapshot still sees is removed.
        writer.execute("DELETE FROM t WHERE v > 1", &[]).await.unwrap();
        writer.batch_execute("VACUUM t").await.unwrap();
    };
    let (row, ()) = tokio::join!(reader.query_one(sql, &[]), conflict);
    assert_eq!(row.unwrap().get::<_, String>(0), "primary");
    assert_eq!(pool.status().learned, 0, "a conflict says nothing about the statement");
}
