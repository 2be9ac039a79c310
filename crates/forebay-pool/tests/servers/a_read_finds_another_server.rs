//! A replica that is overloaded, or behind what the scope wrote meanwhile, is not the end of a read.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, PoolError, Role};
use forebay_scope::{Position, Scope};
use forebay_tests::{Postgres, PostgresSpec, TestDatabase};
use std::time::Duration;

async fn database(test: &str) -> (TestDatabase, PoolConfig) {
    let database = forebay_tests::shared().await.database(test).await;
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap();
    (database, config)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn when_the_queues_of_all_replicas_are_full() {
    let (database, config) = database("queues_full").await;
    let replicas = database.replica_urls().len();
    let config = PoolConfig { replica_sessions_max: 1, queue_max: 1, ..config };
    let pool = Pool::builder(config).build().await.unwrap();
    let mut held = Vec::new();
    for _ in 0..replicas {
        held.push(pool.read().await.unwrap());
        assert_eq!(held.last().unwrap().role(), Role::Replica);
    }
    let mut waiting: Vec<_> = (0..replicas).map(|_| Box::pin(pool.read())).collect();
    for waiting in &mut waiting {
        assert!(futures_util::poll!(waiting.as_mut()).is_pending(), "the queue of one of them has room");
    }
    assert_eq!(pool.read().await.unwrap().role(), Role::Primary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn when_its_scope_wrote_after_the_guard_was_taken() {
    let postgres = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    let config =
        PoolConfig::from_url(&postgres.primary_url()).unwrap().replicas(postgres.standby_urls()).unwrap();
    let pool =
        Pool::builder(PoolConfig { lag_max: Duration::from_secs(600), ..config }).build().await.unwrap();
    pool.write().await.unwrap().batch_execute("CREATE TABLE t (v int)").await.unwrap();
    postgres.caught_up(0).await.unwrap();
    postgres.pause_replay(0).await.unwrap();
    Scope::new()
        .run(async {
            let reader = pool.read().await.unwrap();
            assert_eq!(reader.role(), Role::Replica);
            pool.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
            let count: i64 = reader.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0);
            assert_eq!(count, 1);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn unless_nobody_can_have_what_it_requires() {
    let (_database, config) = database("nobody_has_it").await;
    let pool = Pool::builder(PoolConfig { serve_behind: true, ..config }).build().await.unwrap();
    let here = pool.transaction(async |tx| tx.execute("SELECT 1", &[]).await).await.unwrap().position;

    let foreign = Position { system: here.system ^ 1, ..here };
    let error = pool.read_after(foreign).await.unwrap_err();
    assert!(matches!(error, PoolError::ForeignPosition { .. }), "{error:?}");

    // Written after another server was promoted: this primary never had it.
    let later = Position { timeline: here.timeline + 1, ..here };
    let error = pool.read_after(later).await.unwrap_err();
    let PoolError::Behind { source, .. } = error else { panic!("{error:?}") };
    assert!(matches!(*source, PoolError::OldTimeline { .. }), "{source:?}");
    // The policy allows an old answer where somebody can be told that it is one.
    let scope = Scope::new();
    assert_eq!(scope.run(pool.read_after(later)).await.unwrap().role(), Role::Replica);
    assert!(scope.is_behind());
}
