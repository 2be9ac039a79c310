//! Positions of commits, and what a failed transaction says.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, PoolError};
use forebay_scope::Scope;

async fn pool(test: &str) -> (forebay_tests::TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    database.execute("CREATE TABLE t (v int PRIMARY KEY)").await;
    let pool = Pool::builder(PoolConfig::from_url(&database.primary_url()).unwrap()).build().await.unwrap();
    (database, pool)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn positions_grow_and_cover_the_commit() {
    let (database, pool) = pool("positions").await;
    let client = database.client().await;
    let mut last = None;
    for value in 0..50_i32 {
        let before: String =
            client.query_one("SELECT pg_current_wal_insert_lsn()::text", &[]).await.unwrap().get(0);
        let transaction = pool.begin().await.unwrap();
        transaction.execute("INSERT INTO t VALUES ($1)", &[&value]).await.unwrap();
        let position = transaction.commit().await.unwrap();
        assert_eq!(position.system, pool.system());
        if let Some(last) = last {
            assert!(position.lsn > last, "{position}");
        }
        last = Some(position.lsn);
        let covered: bool = client
            .query_one("SELECT $1::text::pg_lsn > $2::text::pg_lsn", &[&lsn(position.lsn), &before])
            .await
            .unwrap()
            .get(0);
        assert!(covered, "the commit record lies between");
    }
}

fn lsn(lsn: u64) -> String {
    format!("{:X}/{:X}", lsn >> 32, lsn & 0xFFFF_FFFF)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_scope_learns_of_every_write() {
    let (_database, pool) = pool("scope_positions").await;
    let scope = Scope::new();
    scope
        .run(async {
            let writer = pool.write().await.unwrap();
            writer.query("SELECT 1 FROM t", &[]).await.unwrap();
            let committed =
                pool.transaction(async |tx| tx.execute("INSERT INTO t VALUES (1)", &[]).await).await.unwrap();
            assert_eq!(scope.written().of(pool.system()), Some(committed.position));
            writer.execute("INSERT INTO t VALUES (2)", &[]).await.unwrap();
            let autocommit = scope.written().of(pool.system()).unwrap();
            assert!(autocommit.lsn > committed.position.lsn);
            // Nothing is committed yet, so nothing is noted; the end of the transaction is.
            writer.execute("BEGIN", &[]).await.unwrap();
            writer.execute("INSERT INTO t VALUES (3)", &[]).await.unwrap();
            assert_eq!(scope.written().of(pool.system()), Some(autocommit));
            writer.execute("COMMIT", &[]).await.unwrap();
            assert!(scope.written().of(pool.system()).unwrap().lsn > autocommit.lsn);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn committing_a_failed_transaction_is_an_error() {
    let (_database, pool) = pool("failed_commit").await;
    let transaction = pool.begin().await.unwrap();
    transaction.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
    let duplicate = transaction.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap_err();
    assert_eq!(duplicate.sql_state().unwrap().code(), "23505");
    let error = transaction.commit().await.unwrap_err();
    assert!(matches!(error, PoolError::TransactionFailed), "{error:?}");
    assert!(!error.is_outcome_unknown());
    let rows: i64 =
        pool.write().await.unwrap().query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0);
    assert_eq!(rows, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_savepoint_saves_the_transaction() {
    let (_database, pool) = pool("savepoint").await;
    let transaction = pool.begin().await.unwrap();
    transaction.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
    transaction.batch_execute("SAVEPOINT here").await.unwrap();
    transaction.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap_err();
    transaction.batch_execute("ROLLBACK TO here").await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closure_commits_when_it_succeeds_and_rolls_back_otherwise() {
    let (_database, pool) = pool("closure").await;
    let ours = pool.clone();
    // In a spawned task: the future is `Send`.
    let committed = tokio::spawn(async move {
        let value = 5_i32;
        ours.transaction(async |tx| {
            tx.execute("INSERT INTO t VALUES ($1)", &[&value]).await?;
            tx.query_one("SELECT count(*) FROM t", &[]).await.map(|row| row.get::<_, i64>(0))
        })
        .await
    })
    .await
    .unwrap()
    .unwrap();
    assert_eq!(committed.value, 1);

    #[derive(Debug)]
    struct OurError;
    impl From<PoolError> for OurError {
        fn from(_: PoolError) -> Self {
            Self
        }
    }
    let result: Result<forebay_pool::Committed<()>, OurError> = pool
        .transaction(async |tx| {
            tx.execute("INSERT INTO t VALUES (6)", &[]).await?;
            Err(OurError)
        })
        .await;
    assert!(result.is_err());
    let rows: i64 =
        pool.write().await.unwrap().query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0);
    assert_eq!(rows, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_lost_connection_leaves_the_outcome_open_only_where_it_is() {
    let (database, pool) = pool("outcome").await;
    let killer = database.client().await;
    let kill = async |pid: i32| {
        killer.query_one("SELECT pg_terminate_backend($1, 10000)", &[&pid]).await.unwrap();
    };
    // Inside a transaction: certainly rolled back.
    let transaction = pool.begin().await.unwrap();
    let pid = transaction.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    kill(pid).await;
    let error = transaction.execute("INSERT INTO t VALUES (9)", &[]).await.unwrap_err();
    assert!(!error.is_outcome_unknown() && error.is_transient(), "{error:?}");
    drop(transaction);
    // The pool has moved on.
    pool.write().await.unwrap().execute("INSERT INTO t VALUES (10)", &[]).await.unwrap();
}
