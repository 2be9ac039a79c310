//! A write that did not end well may have happened all the same: its scope reads from the primary from then on.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, Role};
use forebay_scope::Scope;
use forebay_tests::TestDatabase;

const INSERT: &str = "INSERT INTO t VALUES ($1)";

async fn pool(test: &str) -> (TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    database.execute("CREATE TABLE t (v int PRIMARY KEY); CREATE SEQUENCE s").await;
    database.execute("CREATE VIEW hidden AS SELECT nextval('s') AS n").await;
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap();
    let pool = Pool::builder(config).build().await.unwrap();
    (database, pool)
}

async fn reads_from(pool: &Pool) -> Role {
    pool.read().await.unwrap().role()
}

#[tokio::test]
async fn dropped_on_its_way() {
    let (_database, pool) = pool("unknown_dropped").await;
    let scope = Scope::new();
    scope
        .run(async {
            let writer = pool.write().await.unwrap();
            assert_eq!(reads_from(&pool).await, Role::Replica);
            {
                let mut write = Box::pin(writer.execute(INSERT, &[&1_i32]));
                assert!(futures_util::poll!(write.as_mut()).is_pending());
            }
            assert_eq!(reads_from(&pool).await, Role::Primary);
            assert!(scope.written().is_empty(), "no position that an invalidation could wait for");
        })
        .await;
}

#[tokio::test]
async fn a_batch_dropped_on_its_way() {
    let (_database, pool) = pool("unknown_batch").await;
    Scope::new()
        .run(async {
            let writer = pool.write().await.unwrap();
            {
                let mut write = Box::pin(writer.batch_execute("INSERT INTO t VALUES (1)"));
                assert!(futures_util::poll!(write.as_mut()).is_pending());
            }
            assert_eq!(reads_from(&pool).await, Role::Primary);
        })
        .await;
}

#[tokio::test]
async fn a_commit_dropped_on_its_way() {
    let (_database, pool) = pool("unknown_commit").await;
    Scope::new()
        .run(async {
            let transaction = pool.begin().await.unwrap();
            transaction.execute(INSERT, &[&1_i32]).await.unwrap();
            assert_eq!(reads_from(&pool).await, Role::Replica, "nothing is committed yet");
            {
                let mut commit = Box::pin(transaction.commit());
                assert!(futures_util::poll!(commit.as_mut()).is_pending());
            }
            assert_eq!(reads_from(&pool).await, Role::Primary);
        })
        .await;
}

#[tokio::test]
async fn refused_after_it_had_committed_a_part() {
    let (_database, pool) = pool("unknown_part").await;
    Scope::new()
        .run(async {
            let writer = pool.write().await.unwrap();
            writer.batch_execute("INSERT INTO t VALUES (1); COMMIT; SELECT 1/0").await.unwrap_err();
            assert_eq!(reads_from(&pool).await, Role::Primary);
        })
        .await;
}

#[tokio::test]
async fn in_a_child_that_was_absorbed() {
    let (_database, pool) = pool("unknown_child").await;
    let parent = Scope::new();
    let child = parent.child();
    child
        .run(async {
            let writer = pool.write().await.unwrap();
            let mut write = Box::pin(writer.execute(INSERT, &[&1_i32]));
            assert!(futures_util::poll!(write.as_mut()).is_pending());
        })
        .await;
    parent.absorb(&child);
    assert_eq!(parent.run(reads_from(&pool)).await, Role::Primary);
}

#[tokio::test]
async fn a_text_that_reads_and_is_refused_by_a_standby_counts_as_a_write() {
    let (_database, pool) = pool("unknown_hidden").await;
    // Refused and healed, then known: both go to the primary, and both note where it was then.
    for _ in 0..2 {
        let scope = Scope::new();
        scope.run(pool.query_one("SELECT n FROM hidden", &[])).await.unwrap();
        assert!(scope.written().of(pool.system()).is_some());
    }
}

#[tokio::test]
async fn a_read_that_is_dropped_binds_nothing() {
    let (_database, pool) = pool("unknown_read").await;
    Scope::new()
        .run(async {
            let writer = pool.write().await.unwrap();
            {
                let mut read = Box::pin(writer.query("SELECT v FROM t", &[]));
                assert!(futures_util::poll!(read.as_mut()).is_pending());
            }
            assert_eq!(reads_from(&pool).await, Role::Replica);
        })
        .await;
}
