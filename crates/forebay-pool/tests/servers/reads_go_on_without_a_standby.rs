//! A standby that dies or hangs takes no read with it.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, Role};
use forebay_tests::{Postgres, PostgresSpec, eventually};
use std::time::Duration;

async fn cluster() -> (Postgres, Pool) {
    let postgres = Postgres::start(PostgresSpec::with_standbys(2)).await.unwrap();
    let config = PoolConfig {
        probe_interval: Duration::from_millis(50),
        lag_max: Duration::from_millis(200),
        ..PoolConfig::from_url(&postgres.primary_url()).unwrap().replicas(postgres.standby_urls()).unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();
    (postgres, pool)
}

async fn read(pool: &Pool) -> (Role, String) {
    let reader = pool.read().await.unwrap();
    assert_eq!(reader.query_one("SELECT 7", &[]).await.unwrap().get::<_, i32>(0), 7);
    (reader.role(), reader.endpoint().to_owned())
}

async fn until_read_from(pool: &Pool, role: Role) {
    eventually(&format!("a read goes to a {role:?}"), async || read(pool).await.0 == role).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed() {
    let (postgres, pool) = cluster().await;
    // A guard that is out when its server dies still answers.
    let guards = [pool.read().await.unwrap(), pool.read().await.unwrap(), pool.read().await.unwrap()];
    postgres.kill_standby(0);
    for guard in &guards {
        guard.query_one("SELECT 7", &[]).await.unwrap();
    }
    for _ in 0..50 {
        assert_eq!(read(&pool).await.0, Role::Replica, "the other replica is there");
    }
    postgres.kill_standby(1);
    for _ in 0..50 {
        read(&pool).await;
    }
    assert_eq!(read(&pool).await.0, Role::Primary);
    for standby in 0..2 {
        postgres.restart_standby(standby).await.unwrap();
    }
    until_read_from(&pool, Role::Replica).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hung() {
    let (postgres, pool) = cluster().await;
    for standby in 0..2 {
        postgres.stop_standby(standby);
    }
    eventually("both are known to be away", async || {
        pool.status().servers.iter().skip(1).all(|replica| !replica.reachable)
    })
    .await;
    assert_eq!(read(&pool).await.0, Role::Primary);
    for standby in 0..2 {
        postgres.resume_standby(standby);
    }
    until_read_from(&pool, Role::Replica).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_far_behind() {
    let (postgres, pool) = cluster().await;
    for standby in 0..2 {
        postgres.pause_replay(standby).await.unwrap();
    }
    // An idle primary leaves nobody behind, however long replay stands still.
    assert_eq!(read(&pool).await.0, Role::Replica);
    pool.write().await.unwrap().batch_execute("CREATE TABLE t (v int)").await.unwrap();
    until_read_from(&pool, Role::Primary).await;
    for standby in 0..2 {
        postgres.resume_replay(standby).await.unwrap();
    }
    until_read_from(&pool, Role::Replica).await;
}
