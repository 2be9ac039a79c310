//! What the server rolled back because of others runs again, a bounded number of times; nothing else does.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Isolation, Pool, PoolConfig, PoolError, Retries, Transaction, TransactionOptions};
use forebay_scope::Scope;
use forebay_tests::{FaultProxy, TestDatabase};
use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::Barrier;
use tokio_postgres::error::SqlState;

const INSERT: &str = "INSERT INTO t VALUES (1)";
/// As if another transaction were in the way.
const COLLIDE: &str = "DO $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = '40001'; END $$";

async fn pool(test: &str) -> (TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    database.execute("CREATE TABLE t (v int)").await;
    let pool = Pool::builder(PoolConfig::from_url(&database.primary_url()).unwrap()).build().await.unwrap();
    (database, pool)
}

async fn rows(pool: &Pool) -> i64 {
    pool.write().await.unwrap().query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0)
}

fn serializable() -> TransactionOptions {
    TransactionOptions::default().isolation(Isolation::Serializable)
}

async fn reads_and_inserts(tx: &Transaction, between: impl Future<Output = ()>) -> Result<i64, PoolError> {
    let seen = tx.query_one("SELECT count(*) FROM t", &[]).await?.get(0);
    between.await;
    tx.execute(INSERT, &[]).await?;
    Ok(seen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_cannot_be_put_in_order() {
    let (_database, pool) = pool("retry_serializable").await;
    let attempts = Cell::new(0);
    let other = pool.clone();
    let committed = pool
        .retry_transaction(serializable(), Retries::default(), async |tx| {
            attempts.set(attempts.get() + 1);
            let first = attempts.get() == 1;
            reads_and_inserts(tx, async {
                if first {
                    let work = async |tx: &Transaction| reads_and_inserts(tx, async {}).await;
                    Box::pin(other.transaction_with(serializable(), work)).await.unwrap();
                }
            })
            .await
        })
        .await
        .unwrap();
    assert_eq!((attempts.get(), committed.value), (2, 1), "the second attempt saw what the other one wrote");
    assert_eq!(rows(&pool).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_wait_for_each_other() {
    let (database, pool) = pool("retry_deadlock").await;
    database.execute("INSERT INTO t VALUES (1), (2)").await;
    let both_hold_one = Arc::new(Barrier::new(2));
    let crossing = |first: i32, second: i32| {
        let (pool, both_hold_one) = (pool.clone(), Arc::clone(&both_hold_one));
        // Spawned: the future is `Send`, whatever its closure borrows.
        tokio::spawn(async move {
            let attempts = AtomicU32::new(0);
            let lock = "SELECT v FROM t WHERE v = $1 FOR UPDATE";
            pool.retry_transaction(TransactionOptions::default(), Retries::default(), async |tx| {
                let attempt = attempts.fetch_add(1, Ordering::Relaxed);
                tx.query_one(lock, &[&first]).await?;
                if attempt == 0 {
                    both_hold_one.wait().await;
                }
                tx.query_one(lock, &[&second]).await
            })
            .await
            .unwrap();
            attempts.into_inner()
        })
    };
    let (one, other) = (crossing(1, 2), crossing(2, 1));
    // One that begins again may lock its first row before the other one was woken: then they wait for each other once more.
    let attempts = one.await.unwrap() + other.await.unwrap();
    assert!(attempts >= 3, "the server picked one of them: {attempts} attempts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_closure_makes_of_the_error() {
    #[derive(Debug, PartialEq)]
    struct Opaque;
    impl From<PoolError> for Opaque {
        fn from(_: PoolError) -> Self {
            Self
        }
    }
    let (_database, pool) = pool("retry_opaque").await;
    for swallowed in [false, true] {
        let attempts = Cell::new(0);
        let done = pool
            .retry_transaction(TransactionOptions::default(), Retries::default(), async |tx| {
                attempts.set(attempts.get() + 1);
                tx.execute(INSERT, &[]).await?;
                if attempts.get() < 3 {
                    let result = tx.batch_execute(COLLIDE).await;
                    // Another statement of the failed transaction says nothing about why.
                    assert!(tx.execute(INSERT, &[]).await.is_err());
                    return if swallowed { Ok(()) } else { result.map_err(|_| Opaque) };
                }
                Ok(())
            })
            .await;
        assert_eq!(done.map(|committed| committed.value), Ok(()));
        assert_eq!(attempts.get(), 3);
    }
    assert_eq!(rows(&pool).await, 2, "of each only the last attempt is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_often_than_it_may_and_not_after_the_deadline() {
    let (_database, pool) = pool("retry_bounds").await;
    let attempts = Cell::new(0);
    let colliding = async |retries| {
        let work = async |tx: &Transaction| {
            attempts.set(attempts.get() + 1);
            tx.batch_execute(COLLIDE).await
        };
        let error = pool.retry_transaction(TransactionOptions::default(), retries, work).await.unwrap_err();
        assert_eq!(error.sql_state(), Some(&SqlState::T_R_SERIALIZATION_FAILURE), "{error:?}");
        attempts.take()
    };
    assert_eq!(colliding(Retries { attempts_max: 3, ..Retries::default() }).await, 3);
    assert_eq!(colliding(Retries { attempts_max: 1, ..Retries::default() }).await, 1);
    // A pause that ends before the deadline is a matter of one in a million.
    let long = Duration::from_secs(60_000_000);
    let scope = Scope::with_deadline(tokio::time::Instant::now() + Duration::from_secs(60));
    let patient = Retries { attempts_max: 3, pause: long, pause_max: long };
    assert_eq!(scope.run(colliding(patient)).await, 1);
    // The sessions of all attempts came back clean.
    forebay_tests::eventually("nothing is out", async || pool.status().servers[0].sessions[0].busy == 0)
        .await;
    assert_eq!(rows(&pool).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_when_nobody_knows_whether_it_was_committed() {
    let database = forebay_tests::shared().await.database("retry_unknown").await;
    for sql in [
        "CREATE TABLE t (v int)",
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql \
         AS $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION slow()",
    ] {
        database.execute(sql).await;
    }
    let direct = Pool::builder(PoolConfig::from_url(&database.primary_url()).unwrap()).build().await.unwrap();
    let proxy = FaultProxy::start(&database.primary_url()).await.unwrap();
    let config = PoolConfig::from_url(&proxy.through(&database.primary_url())).unwrap();
    let pool = Pool::builder(config).build().await.unwrap();
    let attempts = Cell::new(0);
    let transaction = pool.retry_transaction(TransactionOptions::default(), Retries::default(), async |tx| {
        attempts.set(attempts.get() + 1);
        // One that was got over is no reason.
        tx.batch_execute("SAVEPOINT s").await?;
        assert!(tx.batch_execute(COLLIDE).await.is_err());
        tx.batch_execute("ROLLBACK TO s").await?;
        tx.execute(INSERT, &[]).await
    });
    let cut = async {
        forebay_tests::eventually("the commit is under way", async || {
            let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                            AND datname = current_database()";
            direct.query_one(sleeping, &[]).await.unwrap().get::<_, i64>(0) == 1
        })
        .await;
        proxy.cut_now();
    };
    let (done, ()) = tokio::join!(transaction, cut);
    let error = done.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
    assert_eq!(attempts.get(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_what_was_committed_on_the_way_or_failed_for_another_reason() {
    let (database, pool) = pool("retry_not").await;
    database.execute("CREATE UNIQUE INDEX ON t (v)").await;
    let attempts = Cell::new(0);
    let committed = pool
        .retry_transaction(TransactionOptions::default(), Retries::default(), async |tx| {
            attempts.set(attempts.get() + 1);
            tx.execute(INSERT, &[]).await?;
            tx.batch_execute("COMMIT; BEGIN").await?;
            tx.batch_execute(COLLIDE).await
        })
        .await;
    assert_eq!((committed.is_err(), attempts.get(), rows(&pool).await), (true, 1, 1));

    let duplicate = pool
        .retry_transaction(TransactionOptions::default(), Retries::default(), async |tx| {
            attempts.set(attempts.get() + 1);
            tx.batch_execute("SAVEPOINT s").await?;
            assert!(tx.batch_execute(COLLIDE).await.is_err());
            tx.batch_execute("ROLLBACK TO s").await?;
            tx.execute(INSERT, &[]).await
        })
        .await;
    assert_eq!(duplicate.unwrap_err().sql_state(), Some(&SqlState::UNIQUE_VIOLATION));
    assert_eq!(attempts.get(), 2);
}
