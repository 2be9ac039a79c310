//! A replica in this process's zone is preferred while it has a session free; then another zone helps out.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, PoolError, Role, ServerConfig};
use std::time::Duration;

fn config(primary: &str, replicas: Vec<String>) -> PoolConfig {
    PoolConfig::from_url(primary).unwrap().replicas(replicas).unwrap()
}

/// `host:port` of a URL.
fn endpoint(url: &str) -> String {
    url.split('@').next_back().unwrap().split('/').next().unwrap().to_owned()
}

fn in_zone(zone: &str) -> ServerConfig {
    ServerConfig { zone: Some(zone.to_owned()), ..ServerConfig::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_has_room() {
    let database = forebay_tests::shared().await.database("zones").await;
    let replicas = database.replica_urls();
    let (here, elsewhere) = (endpoint(&replicas[1]), endpoint(&replicas[0]));
    let config = PoolConfig {
        replica_sessions_max: 2,
        zone: Some("a".to_owned()),
        // That one of them was slow once, or is behind what other tests write, is another matter.
        zone_factor: 1000.0,
        lag_max: Duration::from_secs(3600),
        servers: [(here.clone(), in_zone("a")), (elsewhere.clone(), in_zone("b"))].into(),
        ..config(&database.primary_url(), replicas)
    };
    let pool = Pool::builder(config).build().await.unwrap();
    let known = async || pool.read().await.unwrap().endpoint() == here;
    forebay_tests::eventually("the replica of this zone was seen", known).await;
    for _ in 0..50 {
        let reader = pool.read().await.unwrap();
        reader.query_one("SELECT 1", &[]).await.unwrap();
        assert_eq!(reader.endpoint(), here);
    }
    let held = [pool.read().await.unwrap(), pool.read().await.unwrap()];
    assert!(held.iter().all(|reader| reader.endpoint() == here));
    let helped = pool.read().await.unwrap();
    assert_eq!((helped.endpoint(), helped.role()), (elsewhere.as_str(), Role::Replica));
    drop((held, helped));
    assert_eq!(pool.read().await.unwrap().endpoint(), here);
}

#[test]
fn what_is_said_of_servers_is_checked() {
    let replicas = vec!["postgres://a@db-2/x".to_owned()];
    let of = |name: &str, server: ServerConfig| PoolConfig {
        servers: [(name.to_owned(), server)].into(),
        ..config("postgres://a@db-1:5433/x", replicas.clone())
    };
    for right in ["db-1:5433", "db-2", "db-2:5432"] {
        of(right, in_zone("a")).validate().unwrap();
    }
    for (config, wrong) in [
        (of("db-1", in_zone("a")), "servers"),
        (of("db-2", ServerConfig { weight: 0.0, ..ServerConfig::default() }), "servers"),
        (of("db-2", ServerConfig { weight: f64::NAN, ..ServerConfig::default() }), "servers"),
        (PoolConfig { zone_factor: 0.5, ..of("db-2", in_zone("a")) }, "zone_factor"),
    ] {
        let error = config.validate().unwrap_err();
        assert!(matches!(error, PoolError::Config { key, .. } if key == wrong), "{error:?}");
    }
}
