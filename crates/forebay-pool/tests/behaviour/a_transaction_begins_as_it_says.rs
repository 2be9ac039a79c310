//! Read-only on a replica, one snapshot, serializable, deferrable: as the options say, and as the server confirms.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{
    Freshness, Isolation, Pool, PoolConfig, PoolError, Role, Transaction, TransactionOptions,
};
use forebay_scope::{Position, Scope};
use forebay_tests::TestDatabase;

async fn pool(test: &str) -> (TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    database.execute("CREATE TABLE t (v int)").await;
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap();
    (database, Pool::builder(config).build().await.unwrap())
}

async fn rows(transaction: &Transaction) -> i64 {
    transaction.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0)
}

async fn shows(transaction: &Transaction, setting: &str) -> String {
    transaction.query_one(&format!("SHOW {setting}"), &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_is_on_a_replica_and_does_not_change() {
    let (_database, pool) = pool("tx_snapshot").await;
    let insert = "INSERT INTO t VALUES (1)";
    let at = pool.transaction(async |tx| tx.execute(insert, &[]).await).await.unwrap().position;
    let options = TransactionOptions::snapshot().freshness(Freshness::after(at));
    let transaction = pool.begin_with(options).await.unwrap();
    assert_eq!(rows(&transaction).await, 1, "on {:?}", transaction.role());
    pool.execute(insert, &[]).await.unwrap();
    forebay_tests::eventually("every replica has the second row", async || {
        let mut all = true;
        for _ in 0..8 {
            let reader = pool.read().await.unwrap();
            let seen: i64 = reader.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0);
            all &= seen == 2;
        }
        all
    })
    .await;
    assert_eq!(rows(&transaction).await, 1, "what was committed since is not in its snapshot");
    let position = transaction.commit().await.unwrap();
    assert!(at.is_reached_at(position), "it saw what it asked for: {at} {position}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_only_reads_goes_where_reads_go_and_cannot_write() {
    let (_database, pool) = pool("tx_read_only").await;
    forebay_tests::eventually("the table is on a replica", async || {
        pool.read().await.unwrap().query("SELECT 1 FROM t", &[]).await.is_ok()
    })
    .await;
    for options in [TransactionOptions::default().read_only(), TransactionOptions::snapshot()] {
        let transaction = pool.begin_with(options).await.unwrap();
        assert_eq!(transaction.role(), Role::Replica);
        assert_eq!(shows(&transaction, "transaction_read_only").await, "on");
        let error = transaction.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap_err();
        assert!(matches!(error, PoolError::ReadOnly { .. }), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serializable_is_on_the_primary_read_only_or_not() {
    let (_database, pool) = pool("tx_serializable").await;
    let serializable = TransactionOptions::default().isolation(Isolation::Serializable);
    for options in [serializable, serializable.read_only()] {
        let transaction = pool.begin_with(options).await.unwrap();
        assert_eq!(transaction.role(), Role::Primary);
        assert_eq!(shows(&transaction, "transaction_isolation").await, "serializable");
    }
    let transaction = pool.begin_with(serializable.read_only()).await.unwrap();
    let error = transaction.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap_err();
    assert!(matches!(error, PoolError::ReadOnly { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deferrable_waits_for_those_that_could_disturb_it() {
    let (_database, pool) = pool("tx_deferrable").await;
    let serializable = TransactionOptions::default().isolation(Isolation::Serializable);
    let disturbing = pool.begin_with(serializable).await.unwrap();
    assert_eq!(rows(&disturbing).await, 0);
    disturbing.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();

    let deferrable = pool.begin_with(TransactionOptions::default().deferrable()).await.unwrap();
    let waits = async {
        forebay_tests::eventually("it waits for a safe snapshot", async || {
            let waiting = "SELECT count(*) FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event = 'SafeSnapshot'";
            pool.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 1
        })
        .await;
        disturbing.commit().await.unwrap();
    };
    let (seen, ()) = tokio::join!(rows(&deferrable), waits);
    assert!(seen <= 1);
    assert_eq!(shows(&deferrable, "transaction_deferrable").await, "on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_sees_what_its_scope_wrote() {
    let (_database, pool) = pool("tx_own_writes").await;
    for written in 1..=20 {
        let scope = Scope::new();
        scope
            .run(async {
                pool.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
                let required = scope.requirements();
                let transaction = pool.begin_with(TransactionOptions::snapshot()).await.unwrap();
                assert_eq!(rows(&transaction).await, written);
                transaction.commit().await.unwrap();
                assert_eq!(scope.requirements(), required, "a read is no write");
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_of_elsewhere_is_refused() {
    let (_database, pool) = pool("tx_foreign").await;
    let foreign = Position { system: pool.system() ^ 1, timeline: 1, lsn: 1 };
    let options = TransactionOptions::snapshot().freshness(Freshness::after(foreign));
    let error = pool.begin_with(options).await.unwrap_err();
    assert!(matches!(error, PoolError::ForeignPosition { .. }), "{error:?}");
}
