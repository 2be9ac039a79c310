//! `COMMIT` of a transaction that failed on its way is never reported as a commit.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, PoolError};

const INSERT: &str = "INSERT INTO t VALUES ($1)";

async fn pool(test: &str) -> (forebay_tests::TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    database.execute("CREATE TABLE t (v int PRIMARY KEY)").await;
    let pool = Pool::builder(PoolConfig::from_url(&database.primary_url()).unwrap()).build().await.unwrap();
    (database, pool)
}

async fn rows(pool: &Pool) -> i64 {
    pool.write().await.unwrap().query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn after_a_statement_that_failed_and_was_dropped_before_it_was_sent() {
    let (_database, pool) = pool("commit_dropped").await;
    let transaction = pool.begin().await.unwrap();
    transaction.execute(INSERT, &[&1_i32]).await.unwrap();
    {
        let mut duplicate = Box::pin(transaction.execute(INSERT, &[&1_i32]));
        // Polled once: it is in the driver's queue, and not on the wire yet.
        assert!(futures_util::poll!(duplicate.as_mut()).is_pending());
    }
    let error = transaction.commit().await.unwrap_err();
    assert!(matches!(error, PoolError::TransactionFailed), "{error:?}");
    assert_eq!(rows(&pool).await, 0);
}

#[tokio::test]
async fn after_a_statement_that_failed_and_was_forgotten() {
    let (_database, pool) = pool("commit_forgotten").await;
    let transaction = pool.begin().await.unwrap();
    transaction.execute(INSERT, &[&1_i32]).await.unwrap();
    let mut duplicate = Box::pin(transaction.execute(INSERT, &[&1_i32]));
    assert!(futures_util::poll!(duplicate.as_mut()).is_pending());
    // Nobody is told that it ended, so only the server's tag tells.
    std::mem::forget(duplicate);
    let error = transaction.commit().await.unwrap_err();
    assert!(matches!(error, PoolError::TransactionFailed), "{error:?}");
    assert_eq!(rows(&pool).await, 0);
}

#[tokio::test]
async fn after_a_statement_that_ended_the_transaction() {
    let (_database, pool) = pool("commit_ended").await;
    let transaction = pool.begin().await.unwrap();
    transaction.execute(INSERT, &[&1_i32]).await.unwrap();
    transaction.batch_execute("ROLLBACK").await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert!(matches!(error, PoolError::TransactionEnded), "{error:?}");
    assert_eq!(rows(&pool).await, 0);
}
