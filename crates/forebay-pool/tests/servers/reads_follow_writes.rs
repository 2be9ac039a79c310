//! A read after a write sees it, also while every standby stands still.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, PoolError, Role};
use forebay_scope::Scope;
use forebay_tests::{Postgres, PostgresSpec};
use std::time::Duration;

async fn cluster() -> (Postgres, Pool) {
    let postgres = Postgres::start(PostgresSpec::with_standbys(2)).await.unwrap();
    let config =
        PoolConfig::from_url(&postgres.primary_url()).unwrap().replicas(postgres.standby_urls()).unwrap();
    let pool =
        Pool::builder(PoolConfig { lag_max: Duration::from_secs(600), ..config }).build().await.unwrap();
    pool.write().await.unwrap().batch_execute("CREATE TABLE t (v int)").await.unwrap();
    for standby in 0..2 {
        postgres.caught_up(standby).await.unwrap();
    }
    (postgres, pool)
}

async fn count(pool: &Pool) -> (i64, Role) {
    let reader = pool.read().await.unwrap();
    (reader.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0), reader.role())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_scope_reads_what_it_wrote_wherever_the_replicas_stand() {
    let (postgres, pool) = cluster().await;
    assert_eq!(count(&pool).await, (0, Role::Replica), "reads go to replicas to begin with");
    for standby in 0..2 {
        postgres.pause_replay(standby).await.unwrap();
    }
    // Each way of writing, in a scope of its own.
    Scope::new()
        .run(async {
            pool.write().await.unwrap().execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
            assert_eq!(count(&pool).await, (1, Role::Primary), "autocommit");
        })
        .await;
    Scope::new()
        .run(async {
            pool.execute("INSERT INTO t VALUES (2)", &[]).await.unwrap();
            assert_eq!(count(&pool).await, (2, Role::Primary), "routed");
        })
        .await;
    Scope::new()
        .run(async {
            pool.write().await.unwrap().batch_execute("INSERT INTO t VALUES (3); SELECT 1").await.unwrap();
            assert_eq!(count(&pool).await, (3, Role::Primary), "batch");
        })
        .await;
    let committed = Scope::new()
        .run(async {
            let committed =
                pool.transaction(async |tx| tx.execute("INSERT INTO t VALUES (4)", &[]).await).await.unwrap();
            assert_eq!(count(&pool).await, (4, Role::Primary), "transaction");
            committed
        })
        .await;
    assert_eq!(committed.value, 1);
    // Outside of the scope nothing is required, so a replica answers with what it has.
    assert_eq!(count(&pool).await, (0, Role::Replica));

    let reader = pool.read_after(committed.position).await.unwrap();
    assert_eq!(reader.role(), Role::Primary);
    for standby in 0..2 {
        postgres.resume_replay(standby).await.unwrap();
        postgres.caught_up(standby).await.unwrap();
    }
    // The replicas have it now, and are found out to have it without waiting for a probe.
    let reader = pool.read_after(committed.position).await.unwrap();
    assert_eq!(reader.role(), Role::Replica);
    assert_eq!(reader.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get::<_, i64>(0), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn without_the_primary_a_read_behind_is_an_error_unless_the_policy_allows_it() {
    let (postgres, pool) = cluster().await;
    let config =
        PoolConfig::from_url(&postgres.primary_url()).unwrap().replicas(postgres.standby_urls()).unwrap();
    let lenient = PoolConfig { serve_behind: true, lag_max: Duration::from_secs(600), ..config };
    let lenient = Pool::builder(lenient).build().await.unwrap();
    for standby in 0..2 {
        postgres.pause_replay(standby).await.unwrap();
    }
    let scope = Scope::new();
    scope
        .run(async {
            pool.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
            postgres.kill();
            let error = pool.read().await.unwrap_err();
            assert!(matches!(error, PoolError::Behind { .. }), "{error:?}");
            assert!(error.is_transient());
            assert!(!scope.is_behind());

            let (rows, role) = count(&lenient).await;
            assert_eq!((rows, role), (0, Role::Replica));
            assert!(scope.is_behind(), "what is built from it must not be stored");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_scope_is_told_how_far_the_servers_of_its_reads_had_got() {
    let (postgres, pool) = cluster().await;
    for standby in 0..2 {
        postgres.pause_replay(standby).await.unwrap();
    }
    let written =
        pool.transaction(async |tx| tx.execute("INSERT INTO t VALUES (1)", &[]).await).await.unwrap();
    let read = async |sql: &str, writer: bool| {
        let scope = Scope::new();
        let rows = async {
            if writer {
                pool.write().await.unwrap().query(sql, &[]).await.unwrap()
            } else {
                pool.query(sql, &[]).await.unwrap()
            }
        };
        scope.run(rows).await;
        scope.saw(written.position)
    };
    assert!(!read("SELECT v FROM t", false).await, "on a replica that stands still");
    assert!(read("SELECT v FROM t", true).await, "on the primary");
    for standby in 0..2 {
        postgres.resume_replay(standby).await.unwrap();
        postgres.caught_up(standby).await.unwrap();
    }
    forebay_tests::eventually("a replica that went on says so", async || {
        read("SELECT v FROM t", false).await
    })
    .await;

    // Inside a transaction a statement may see a snapshot from before the scope began.
    let (transaction, inside) = (pool.begin().await.unwrap(), Scope::new());
    inside.run(transaction.query("SELECT v FROM t", &[])).await.unwrap();
    assert!(!inside.saw(written.position));
    let (writer, below) = (pool.write().await.unwrap(), Scope::new());
    let client = || forebay_pool::deadpool_postgres014::client(&writer);
    below.run(async { client().query("SELECT v FROM t", &[]).await }).await.unwrap();
    assert!(!below.saw(written.position), "nobody sees what is read below a guard");
}
