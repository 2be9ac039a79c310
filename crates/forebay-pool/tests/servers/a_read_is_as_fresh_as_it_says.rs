//! How far behind a replica may be is said per read; what becomes of a read without one is said per pool.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{
    Freshness, Pool, PoolConfig, PoolError, QueryEvent, QueryObserver, Role, Routing, WithoutReplica,
};
use forebay_tests::{Postgres, PostgresSpec, eventually};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// The roles of the servers that were asked.
#[derive(Default)]
struct Asked(Mutex<Vec<Role>>);

impl QueryObserver for Asked {
    fn observe(&self, event: &QueryEvent<'_>) {
        self.0.lock().unwrap().push(event.role);
    }
}

fn config(postgres: &Postgres) -> PoolConfig {
    let config = PoolConfig::from_url(&postgres.primary_url()).unwrap();
    PoolConfig {
        probe_interval: Duration::from_millis(20),
        ..config.replicas(postgres.standby_urls()).unwrap()
    }
}

/// The role of the server that gets a read of this freshness.
async fn role(pool: &Pool, freshness: Freshness) -> Role {
    pool.read_with(freshness).await.unwrap().role()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn per_read() {
    let postgres = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    let pool = Pool::builder(config(&postgres)).build().await.unwrap();
    let refusing = PoolConfig { without_replica: WithoutReplica::Refuse, ..config(&postgres) };
    let refusing = Pool::builder(refusing).build().await.unwrap();
    postgres.pause_replay(0).await.unwrap();
    let written = pool.transaction(async |tx| tx.execute("CREATE TABLE t ()", &[]).await).await.unwrap();
    let tight = Freshness::within(Duration::from_millis(100));
    eventually("the replica is behind", async || role(&pool, tight).await == Role::Primary).await;
    assert_eq!(role(&pool, Freshness::default()).await, Role::Replica, "within the pool's five seconds");
    assert_eq!(role(&pool, Freshness::any()).await, Role::Replica);
    assert_eq!(role(&pool, Freshness::any().and_after(written.position)).await, Role::Primary);

    eventually("the other pool sees it as well", async || refusing.read_with(tight).await.is_err()).await;
    let error = refusing.read_with(tight).await.unwrap_err();
    assert!(matches!(error, PoolError::NoReplica { required: None, .. }), "{error:?}");
    assert!(error.is_transient() && error.to_string().contains("within 100ms"), "{error}");
    let error = refusing.read_after(written.position).await.unwrap_err();
    assert!(matches!(error, PoolError::NoReplica { required: Some(_), .. }), "{error:?}");
    assert_eq!(role(&refusing, Freshness::any()).await, Role::Replica);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_shadow_mode_nothing_moves_and_everything_is_counted() {
    let postgres = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    for (routing, expected) in [(Routing::On, true), (Routing::Shadow, false)] {
        let asked = Arc::new(Asked::default());
        let builder = Pool::builder(PoolConfig { routing, ..config(&postgres) });
        let pool = builder.observer(Arc::clone(&asked) as _).build().await.unwrap();
        pool.query_one("SELECT 7", &[]).await.unwrap();
        let role = if expected { Role::Replica } else { Role::Primary };
        assert_eq!(*asked.0.lock().unwrap(), [role], "{routing:?}");
        pool.execute("CREATE TEMP TABLE w ()", &[]).await.unwrap();
        pool.query("SELECT my_own()", &[]).await.unwrap_err();
        let routes = pool.status().routes;
        let (read, shadowed) = if expected { (1, 0) } else { (0, 1) };
        assert_eq!((routes.read, routes.shadowed, routes.write, routes.unproven), (read, shadowed, 1, 1));
        let route = pool.explain_route("SELECT 1");
        assert_eq!(route.role == Role::Replica, expected);
        assert_eq!(route.reasons.iter().any(|reason| reason.contains("shadow")), !expected);
    }
}
