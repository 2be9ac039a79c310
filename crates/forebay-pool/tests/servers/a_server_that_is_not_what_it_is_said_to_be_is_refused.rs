//! Wrong servers are found at the start, each with one clear sentence.

use forebay_pool::{Pool, PoolConfig, PoolError, Role};
use forebay_tests::{Postgres, PostgresSpec, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_replica_that_is_a_primary() {
    let database = forebay_tests::shared().await.database("replica_is_primary").await;
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas([database.primary_url()]).unwrap();
    let error = Pool::builder(config).build().await.unwrap_err();
    assert!(matches!(error, PoolError::NotReplica { .. }), "{error:?}");
    assert!(error.to_string().contains("is configured as a replica but is a primary"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_primary_that_is_a_standby() {
    let database = forebay_tests::shared().await.database("primary_is_standby").await;
    let config = PoolConfig::from_url(&database.replica_urls()[0]).unwrap();
    let error = Pool::builder(config).build().await.unwrap_err();
    assert!(matches!(error, PoolError::NotPrimary { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_replica_of_another_cluster() {
    let other = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    let database = forebay_tests::shared().await.database("other_cluster").await;
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(other.standby_urls()).unwrap();
    let error = Pool::builder(config).build().await.unwrap_err();
    assert!(matches!(error, PoolError::OtherSystem { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_primary_that_cannot_be_reached() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = PoolConfig::from_url(&format!("postgres://nobody@127.0.0.1:{port}/nothing")).unwrap();
    let error = Pool::builder(config).build().await.unwrap_err();
    assert!(matches!(error, PoolError::Connect { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("cannot connect to 127.0.0.1:{port}"));
    let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    assert!(causes.iter().any(|cause| cause.contains("refused")), "{causes:?}");
    assert!(error.is_transient());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_replica_that_cannot_be_reached_is_left_out_until_it_can() {
    let postgres = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    let config =
        PoolConfig::from_url(&postgres.primary_url()).unwrap().replicas(postgres.standby_urls()).unwrap();
    postgres.kill_standby(0);
    let pool = Pool::builder(config).build().await.unwrap();
    assert_eq!(pool.read().await.unwrap().role(), Role::Primary);
    postgres.restart_standby(0).await.unwrap();
    eventually("it is read from", async || pool.read().await.unwrap().role() == Role::Replica).await;
}
