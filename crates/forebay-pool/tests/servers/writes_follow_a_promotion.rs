//! After a promotion everything goes to the new primary: at once, nothing twice, and nothing acknowledged is lost.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{CatalogConfig, Pool, PoolConfig, PoolError, Role};
use forebay_tests::{Postgres, PostgresSpec, eventually};
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

async fn cluster(standbys: usize) -> (Postgres, Pool) {
    let postgres = Postgres::start(PostgresSpec::with_standbys(standbys)).await.unwrap();
    let pool = Pool::builder(config(&postgres)).build().await.unwrap();
    pool.write().await.unwrap().batch_execute("CREATE TABLE t (id bigint)").await.unwrap();
    for standby in 0..standbys {
        postgres.caught_up(standby).await.unwrap();
    }
    (postgres, pool)
}

fn config(postgres: &Postgres) -> PoolConfig {
    let config = PoolConfig::from_url(&postgres.primary_url()).unwrap();
    PoolConfig {
        probe_interval: Duration::from_millis(50),
        probe_timeout: Duration::from_millis(500),
        acquire_timeout: Duration::from_secs(20),
        ..config.replicas(postgres.standby_urls()).unwrap()
    }
}

/// Waits until the pool's primary is the server of this place.
async fn is_primary(pool: &Pool, place: usize) {
    eventually("the promoted server is the primary", async || {
        pool.status().servers[place].role == Role::Primary && pool.status().takes_writes
    })
    .await;
}

/// Writes one number after the other until it is told to stop.
#[derive(Default)]
struct Writers {
    next: AtomicI64,
    stop: AtomicBool,
    acknowledged: Mutex<HashSet<i64>>,
    unknown: Mutex<HashSet<i64>>,
}

impl Writers {
    async fn write(&self, pool: &Pool) {
        while !self.stop.load(Ordering::Relaxed) {
            let id = self.next.fetch_add(1, Ordering::Relaxed);
            loop {
                let written = pool
                    .transaction(async |tx| {
                        tx.execute("INSERT INTO t VALUES ($1)", &[&id]).await?;
                        Ok::<_, PoolError>(())
                    })
                    .await;
                match written {
                    Ok(_) => drop(self.acknowledged.lock().unwrap().insert(id)),
                    Err(error) if error.is_outcome_unknown() => {
                        self.unknown.lock().unwrap().insert(id);
                    }
                    // Certainly not written: once more.
                    Err(error) => {
                        assert!(error.is_transient(), "{error:?}");
                        continue;
                    }
                }
                break;
            }
        }
    }

    /// Every acknowledged number is there once, and no other but those whose outcome was said to be unknown.
    async fn check(&self, pool: &Pool) {
        let writer = pool.write().await.unwrap();
        let rows = writer.query("SELECT id, count(*) FROM t GROUP BY id", &[]).await.unwrap();
        let mut found = HashSet::new();
        for row in rows {
            assert_eq!(row.get::<_, i64>(1), 1, "{} was written twice", row.get::<_, i64>(0));
            found.insert(row.get::<_, i64>(0));
        }
        let (acknowledged, unknown) = (self.acknowledged.lock().unwrap(), self.unknown.lock().unwrap());
        assert!(acknowledged.is_subset(&found), "lost: {:?}", acknowledged.difference(&found));
        assert!(found.difference(&acknowledged).all(|id| unknown.contains(id)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_when_the_primary_dies() {
    let (postgres, pool) = cluster(1).await;
    // What the primary acknowledges the standby has: a failover loses nothing then, unless the pool does.
    let settings = pool.write().await.unwrap();
    settings.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby0'", &[]).await.unwrap();
    settings.execute("SELECT pg_reload_conf()", &[]).await.unwrap();
    drop(settings);
    let writers = Arc::new(Writers::default());
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (writers, pool) = (Arc::clone(&writers), pool.clone());
            tokio::spawn(async move { writers.write(&pool).await })
        })
        .collect();
    let progress = async |than: usize| {
        eventually("writes go on", async || writers.acknowledged.lock().unwrap().len() > than).await;
    };
    progress(100).await;
    postgres.kill();
    postgres.promote(0).await.unwrap();
    let before = writers.acknowledged.lock().unwrap().len();
    progress(before + 100).await;
    assert_eq!(pool.status().servers[1].role, Role::Primary);
    // The old one comes back and would take writes.
    postgres.restart().await.unwrap();
    eventually("the old primary is seen", async || pool.status().servers[0].reachable).await;
    let before = writers.acknowledged.lock().unwrap().len();
    progress(before + 100).await;
    writers.stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    let old = &pool.status().servers[0];
    assert_eq!((old.role, old.in_role), (Role::Replica, false), "it is fenced");
    assert_eq!(pool.write().await.unwrap().endpoint(), pool.status().servers[1].endpoint);
    for _ in 0..20 {
        assert_eq!(pool.read().await.unwrap().endpoint(), pool.status().servers[1].endpoint);
    }
    writers.check(&pool).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_on_the_old_primary_writes_no_more() {
    let (postgres, pool) = cluster(1).await;
    let transaction = pool.begin().await.unwrap();
    transaction.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
    let writer = pool.write().await.unwrap();
    postgres.promote(0).await.unwrap();
    is_primary(&pool, 1).await;
    let error = writer.execute("INSERT INTO t VALUES (2)", &[]).await.unwrap_err();
    assert!(matches!(error, PoolError::Demoted { outcome_unknown: false, .. }), "{error:?}");
    let error = transaction.commit().await.unwrap_err();
    assert!(matches!(error, PoolError::Demoted { .. }), "{error:?}");
    assert!(error.is_transient() && !error.is_outcome_unknown(), "it may be done again");
    let count = "SELECT count(*) FROM t";
    assert_eq!(pool.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 0);
    assert_eq!(pool.write().await.unwrap().execute("INSERT INTO t VALUES (3)", &[]).await.unwrap(), 1);
    assert_eq!(pool.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hung_primary_answers_late_is_not_acknowledged() {
    let (postgres, pool) = cluster(1).await;
    let writer = pool.write().await.unwrap();
    writer.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap();
    postgres.stop();
    let late = tokio::spawn(async move { writer.execute("INSERT INTO t VALUES (2)", &[]).await });
    postgres.promote(0).await.unwrap();
    is_primary(&pool, 1).await;
    postgres.resume();
    let error = late.await.unwrap().unwrap_err();
    assert!(matches!(error, PoolError::Demoted { outcome_unknown: true, .. }), "{error:?}");
    assert!(error.is_outcome_unknown());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_were_promoted_are_written_to_by_nobody() {
    let (postgres, pool) = cluster(2).await;
    postgres.kill();
    postgres.promote(0).await.unwrap();
    postgres.promote(1).await.unwrap();
    eventually("both are seen", async || !pool.status().takes_writes).await;
    let error = pool.write().await.unwrap_err();
    assert!(matches!(error, PoolError::SplitBrain { timeline: 2, .. }), "{error:?}");
    let error =
        pool.transaction(async |tx| tx.execute("INSERT INTO t VALUES (1)", &[]).await).await.unwrap_err();
    assert!(error.is_transient() && !error.is_outcome_unknown(), "{error:?}");
    postgres.kill_standby(1);
    is_primary(&pool, 1).await;
    assert_eq!(pool.write().await.unwrap().execute("INSERT INTO t VALUES (1)", &[]).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_that_starts_afterwards_finds_the_new_primary() {
    let (postgres, pool) = cluster(1).await;
    postgres.kill();
    postgres.promote(0).await.unwrap();
    is_primary(&pool, 1).await;
    for back in [false, true] {
        if back {
            postgres.restart().await.unwrap();
        }
        let late = Pool::builder(config(&postgres)).build().await.unwrap();
        assert_eq!(late.write().await.unwrap().endpoint(), late.status().servers[1].endpoint, "{back}");
        assert_eq!(late.read().await.unwrap().endpoint(), late.status().servers[1].endpoint, "{back}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_from_before_is_seen_by_the_new_primary() {
    let (postgres, pool) = cluster(1).await;
    let written =
        pool.transaction(async |tx| tx.execute("INSERT INTO t VALUES (1)", &[]).await).await.unwrap();
    postgres.caught_up(0).await.unwrap();
    postgres.promote(0).await.unwrap();
    is_primary(&pool, 1).await;
    let reader = pool.read_after(written.position).await.unwrap();
    assert_eq!(reader.role(), Role::Primary);
    assert_eq!(reader.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get::<_, i64>(0), 1);
    let again = pool.transaction(async |tx| tx.execute("INSERT INTO t VALUES (2)", &[]).await).await.unwrap();
    assert_eq!(again.position.timeline, written.position.timeline + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_catalogue_proved_is_doubted_after_it_and_while_nobody_can_look() {
    let servers = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    let (client, connection) =
        tokio_postgres::connect(&servers.primary_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let stable = "CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'";
    client.batch_execute(stable).await.unwrap();
    servers.caught_up(0).await.unwrap();
    let watched = |poll_interval, unchecked_max| PoolConfig {
        probe_interval: Duration::from_millis(20),
        catalog: CatalogConfig { enabled: true, poll_interval, unchecked_max, ..CatalogConfig::default() },
        ..PoolConfig::from_url(&servers.primary_url()).unwrap().replicas(servers.standby_urls()).unwrap()
    };
    let pool = async |poll_interval, unchecked_max| {
        Pool::builder(watched(poll_interval, unchecked_max)).build().await.unwrap()
    };
    let looks_often = pool(Duration::from_millis(20), Duration::from_millis(200)).await;
    let looks_never = pool(Duration::from_secs(600), Duration::from_secs(3600)).await;
    let role = |pool: &Pool, sql| pool.explain_route(sql).role;
    assert_eq!(role(&looks_often, "SELECT f()"), Role::Replica);

    // Nobody can look for changes: `unchecked_max` runs out.
    servers.stop();
    eventually("doubt", async || role(&looks_often, "SELECT f()") == Role::Primary).await;
    assert!(!looks_often.status().catalog.unwrap().trusted);
    assert_eq!(role(&looks_never, "SELECT f()"), Role::Replica, "its time has not run out");
    servers.resume();
    eventually("trust", async || role(&looks_often, "SELECT f()") == Role::Replica).await;

    // By somebody else, and no look is due for ten minutes.
    client.batch_execute("ALTER FUNCTION f() VOLATILE").await.unwrap();
    servers.caught_up(0).await.unwrap();
    assert_eq!(role(&looks_never, "SELECT f()"), Role::Replica, "nobody has told");
    servers.kill();
    servers.promote(0).await.unwrap();
    eventually("a look at the new primary's catalogue", async || {
        looks_never.explain_route("SELECT f()").reasons == ["f() is volatile (public.f())"]
    })
    .await;
}
