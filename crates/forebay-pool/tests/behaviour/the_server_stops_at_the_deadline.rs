//! A statement ends at the server when its request's deadline has passed, also when nobody can cancel it.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use async_trait::async_trait;
use forebay_pool::{
    Canceller, Connect, ConnectFailure, ConnectPlain, Connected, Pool, PoolConfig, PoolError, Tap, Target,
};
use forebay_scope::Scope;
use forebay_tests::TestDatabase;
use std::time::Duration;

/// Requests to cancel are lost on their way.
struct NoCancel;

#[async_trait]
impl Connect for NoCancel {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        let connected = ConnectPlain.connect(target, tap).await?;
        Ok(Connected { cancel: Canceller::new(|| Box::pin(std::future::pending())), ..connected })
    }
}

async fn pool(test: &str, own: Option<Duration>) -> (TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    let config = PoolConfig {
        application_name: test.to_owned(),
        statement_timeout: own,
        write_sessions_max: 1,
        cleanup_timeout: Duration::from_secs(600),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    (database, Pool::builder(config).connect(NoCancel).build().await.unwrap())
}

fn within(milliseconds: u64) -> Scope {
    Scope::with_deadline(tokio::time::Instant::now() + Duration::from_millis(milliseconds))
}

async fn limit(pool: &Pool) -> String {
    pool.write()
        .await
        .unwrap()
        .query_one("SELECT current_setting('statement_timeout')", &[])
        .await
        .unwrap()
        .get(0)
}

/// Waits until nothing runs on the server any more, and returns how long the statement ran there.
async fn ran_for(database: &TestDatabase, test: &str) -> Duration {
    let client = database.client().await;
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND query LIKE '%pg_sleep(600%' \
        AND state = 'active'";
    forebay_tests::eventually("the server stops", async || {
        client.query_one(sleeping, &[&test]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
    let ended = "SELECT max(extract(epoch FROM state_change - query_start))::float8 FROM pg_stat_activity \
        WHERE application_name = $1 AND query LIKE '%pg_sleep(600%'";
    Duration::from_secs_f64(client.query_one(ended, &[&test]).await.unwrap().get(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_by_itself() {
    let test = "limit_alone";
    let (database, pool) = pool(test, None).await;
    let stuck = async { pool.write().await?.query("SELECT pg_sleep(600)", &[]).await };
    let error = within(400).run(stuck).await.unwrap_err();
    assert!(matches!(error, PoolError::Deadline { .. }), "{error:?}");
    let ran = ran_for(&database, test).await;
    assert!(ran < Duration::from_secs(300), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_of_a_transaction() {
    let test = "limit_transaction";
    let (database, pool) = pool(test, None).await;
    let stuck = async {
        let transaction = pool.begin().await?;
        transaction.query("SELECT 1", &[]).await?;
        transaction.query("SELECT pg_sleep(600)", &[]).await
    };
    let error = within(400).run(stuck).await.unwrap_err();
    assert!(matches!(error, PoolError::Deadline { .. }), "{error:?}");
    let ran = ran_for(&database, test).await;
    assert!(ran < Duration::from_secs(300), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_is_limited_by_it() {
    let (_database, pool) = pool("limit_others", None).await;
    assert_eq!(limit(&pool).await, "0");
    assert_eq!(within(5000).run(limit(&pool)).await, "5120ms");
    assert_eq!(limit(&pool).await, "0", "the next one has no deadline");
    assert_eq!(within(60_000).run(limit(&pool)).await, "65536ms");
    // Inside a transaction it ends with the transaction.
    let transaction = pool.begin().await.unwrap();
    let show = "SELECT current_setting('statement_timeout')";
    let inside = within(5000).run(transaction.query_one(show, &[])).await.unwrap();
    assert_eq!(inside.get::<_, String>(0), "5120ms");
    transaction.commit().await.unwrap();
    assert_eq!(limit(&pool).await, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_was_configured_or_set_by_the_caller_is_not_raised() {
    let (_database, pool) = pool("limit_own", Some(Duration::from_secs(3))).await;
    assert_eq!(within(60_000).run(limit(&pool)).await, "3s");
    assert_eq!(within(1000).run(limit(&pool)).await, "1280ms");
    assert_eq!(limit(&pool).await, "3s");
    let writer = pool.write().await.unwrap();
    writer.batch_execute("SET statement_timeout = '700ms'").await.unwrap();
    let show = "SELECT current_setting('statement_timeout')";
    let inside = within(60_000).run(writer.query_one(show, &[])).await.unwrap();
    assert_eq!(inside.get::<_, String>(0), "700ms");
}
