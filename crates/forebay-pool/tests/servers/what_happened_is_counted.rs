//! What happens in a pool is a metric, and in its status, with the same number.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_metrics::{Meter, WindowRecorder};
use forebay_pool::{METRICS, Pool, PoolConfig, PoolStatus, SessionsStatus};
use forebay_scope::Scope;
use forebay_tests::{Postgres, PostgresSpec, TestDatabase, eventually};
use std::time::Duration;

struct Measured {
    pool: Pool,
    recorder: WindowRecorder,
}

impl Measured {
    async fn of(config: PoolConfig) -> Self {
        let recorder = WindowRecorder::default();
        let pool = Pool::builder(config).meter(Meter::new(recorder.clone())).build().await.unwrap();
        Self { pool, recorder }
    }

    fn status(&self) -> PoolStatus {
        self.pool.status()
    }

    fn kind(&self, server: usize, kind: &str) -> SessionsStatus {
        let of_kind = |sessions: &SessionsStatus| sessions.kind == kind;
        self.status().servers[server].sessions.iter().find(|sessions| of_kind(sessions)).unwrap().clone()
    }

    fn count(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        self.recorder.snapshot().counter(name, labels).map_or(0, |counter| counter.total)
    }

    /// A counter of the first server's sessions of one kind.
    fn of_kind(&self, name: &str, kind: &str, more: &[(&str, &str)]) -> u64 {
        let endpoint = self.status().servers[0].endpoint.clone();
        self.count(name, &[&[("endpoint", endpoint.as_str()), ("kind", kind)], more].concat())
    }

    fn waited(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        self.recorder.snapshot().histogram(name, labels).map_or(0, |waits| waits.minute.rate.count)
    }
}

async fn database(test: &str) -> TestDatabase {
    forebay_tests::shared().await.database(test).await
}

fn config(database: &TestDatabase) -> PoolConfig {
    PoolConfig {
        primary_read_idle_min: Some(0),
        write_idle_min: Some(0),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waits_and_refusals() {
    let database = database("count_waits").await;
    let config = PoolConfig {
        write_sessions_max: 1,
        queue_max: 1,
        acquire_timeout: Duration::from_millis(200),
        ..config(&database)
    };
    let measured = Measured::of(config).await;
    let held = measured.pool.write().await.unwrap();
    let (waited, refused) = tokio::join!(measured.pool.write(), measured.pool.write());
    assert!(waited.unwrap_err().is_timeout() && refused.unwrap_err().is_transient());
    drop(held);
    let counts = measured.kind(0, "write").counts;
    // The refused one did not wait, and ended all the same.
    assert_eq!((counts.waits.ended, counts.refused.queue_full, counts.refused.overload), (2, 1, 0));
    assert!(counts.waits.time >= Duration::from_millis(200), "{counts:?}");
    let endpoint = measured.status().servers[0].endpoint.clone();
    let labels = [("endpoint", endpoint.as_str()), ("kind", "write")];
    assert_eq!(measured.waited("forebay_pool_wait_seconds", &labels), 2);
    assert_eq!(measured.of_kind("forebay_pool_refused_total", "write", &[("cause", "queue_full")]), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connects_and_why_they_fail() {
    let database = database("count_connects").await;
    let role = format!("{}_r", database.name());
    database.execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'right'; GRANT pg_monitor TO {role}")).await;
    let url = database.primary_url();
    let place = url.split_once('@').unwrap().1;
    let config = PoolConfig {
        acquire_timeout: Duration::from_millis(300),
        primary: format!("postgres://{role}:right@{place}"),
        ..config(&database)
    };
    let measured = Measured::of(config).await;
    let held = measured.pool.write().await.unwrap();
    assert_eq!(measured.kind(0, "write").counts.connects.opened, 1);
    assert_eq!(measured.of_kind("forebay_pool_connects_total", "write", &[]), 1);
    eventually("the probe's connection is counted", async || {
        measured.status().servers[0].probe_connects.opened == 1
            && measured.of_kind("forebay_pool_connects_total", "probe", &[]) == 1
    })
    .await;
    database.execute(&format!("ALTER ROLE {role} PASSWORD 'other'")).await;
    measured.pool.write().await.unwrap_err();
    let failed = measured.kind(0, "write").counts.connects.failed;
    assert!(failed["login"] >= 1 && failed.len() == 1, "{failed:?}");
    let metric = "forebay_pool_connect_failures_total";
    eventually("it is a metric", async || {
        measured.of_kind(metric, "write", &[("reason", "login")])
            >= measured.kind(0, "write").counts.connects.failed["login"]
    })
    .await;
    drop(held);
    measured.pool.shutdown(Duration::from_secs(10)).await;
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_flight() {
    let database = database("count_in_flight").await;
    let measured = Measured::of(config(&database)).await;
    let writer = measured.pool.write().await.unwrap();
    assert_eq!(measured.kind(0, "write").in_flight, 0);
    let mut slow = Box::pin(writer.query("SELECT pg_sleep(600)", &[]));
    assert!(futures_util::poll!(slow.as_mut()).is_pending());
    assert_eq!(measured.kind(0, "write").in_flight, 1);
    let endpoint = measured.status().servers[0].endpoint.clone();
    let gauge = || {
        let labels = [("endpoint", endpoint.as_str()), ("kind", "write")];
        measured.recorder.snapshot().gauge("forebay_pool_in_flight", &labels).map(|gauge| gauge.value)
    };
    eventually("the gauge says so", async || gauge() == Some(1.0)).await;
    drop(slow);
    assert_eq!(measured.kind(0, "write").in_flight, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancels_and_what_was_cleaned() {
    let database = database("count_cancels").await;
    let measured = Measured::of(config(&database)).await;
    let writer = measured.pool.write().await.unwrap();
    let client = database.client().await;
    let running = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
        AND query LIKE 'SELECT pg_sleep(600%'";
    {
        let mut slow = Box::pin(writer.query("SELECT pg_sleep(600)", &[]));
        // Before it runs there is nothing to cancel.
        let runs = eventually("it runs", async || {
            client.query_one(running, &[]).await.unwrap().get::<_, i64>(0) == 1
        });
        tokio::select! {
            _ = &mut slow => panic!("it is slow"),
            () = runs => {}
        }
    }
    assert_eq!(measured.status().abandoned, 1);
    assert_eq!(measured.count("forebay_pool_abandoned_total", &[]), 1);
    drop(writer);
    eventually("it was cleaned", async || measured.kind(0, "write").counts.cleaned == 1).await;
    assert_eq!(measured.of_kind("forebay_pool_cleaned_total", "write", &[]), 1);
    let cancels = measured.status().cancels;
    assert_eq!((cancels.done, cancels.failed), (1, 0));
    assert_eq!(measured.count("forebay_pool_cancels_total", &[("result", "done")]), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_sessions_were_closed() {
    let database = database("count_closed").await;
    let config = PoolConfig {
        write_sessions_max: 4,
        cleanup_timeout: Duration::from_millis(100),
        idle_timeout: Duration::from_millis(1),
        ..config(&database)
    };
    let measured = Measured::of(config).await;
    let closed = || measured.kind(0, "write").counts.closed;
    let metric = |cause| measured.of_kind("forebay_pool_closed_total", "write", &[("cause", cause)]);
    eventually("idle", async || closed().idle >= 1 && metric("idle") == closed().idle).await;

    // One that took copy data by itself cannot be made clean.
    let writer = measured.pool.write().await.unwrap();
    writer.batch_execute("CREATE TABLE t (v int)").await.unwrap();
    let client = forebay_pool::deadpool_postgres014::client(&writer);
    let copying = client.copy_in::<_, bytes::Bytes>("COPY t FROM STDIN").await.unwrap();
    drop((copying, writer));
    eventually("dirty", async || closed().dirty == 1 && metric("dirty") == 1).await;

    let writer = measured.pool.write().await.unwrap();
    writer.query("SELECT pg_terminate_backend(pg_backend_pid())", &[]).await.unwrap_err();
    eventually("lost", async || {
        drop(measured.pool.write().await.unwrap());
        writer.query("SELECT 1", &[]).await.is_err()
    })
    .await;
    drop(writer);
    eventually("lost", async || closed().lost == 1 && metric("lost") == 1).await;

    let held = [measured.pool.write().await.unwrap(), measured.pool.write().await.unwrap()];
    measured.pool.resize(forebay_pool::Sessions::Write, 1).unwrap();
    drop(held);
    assert!(closed().resized >= 1 && metric("resized") == closed().resized, "{:?}", closed());

    let held = measured.pool.write().await.unwrap();
    let ends = tokio::spawn({
        let pool = measured.pool.clone();
        async move { pool.shutdown(Duration::from_secs(60)).await }
    });
    eventually("the pool is closing", async || measured.pool.write().await.is_err()).await;
    drop(held);
    assert!(ends.await.unwrap());
    assert!(closed().shutdown >= 1 && metric("shutdown") == closed().shutdown, "{:?}", closed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_of_an_age_and_of_another_epoch() {
    let servers = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    let config = PoolConfig {
        lifetime: Duration::from_millis(1500),
        probe_interval: Duration::from_millis(20),
        ..PoolConfig::from_url(&servers.primary_url()).unwrap().replicas(servers.standby_urls()).unwrap()
    };
    let measured = Measured::of(config).await;
    eventually("of age", async || measured.kind(0, "write").counts.closed.lifetime >= 1).await;
    assert!(measured.of_kind("forebay_pool_closed_total", "write", &[("cause", "lifetime")]) >= 1);
    let reader = measured.pool.read().await.unwrap();
    servers.kill();
    servers.promote(0).await.unwrap();
    eventually("the other is the primary", async || measured.status().elections == 1).await;
    assert_eq!(measured.count("forebay_pool_elections_total", &[]), 1);
    drop(reader);
    eventually("of another epoch", async || measured.kind(1, "read").counts.closed.epoch >= 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_that_were_waited_for_and_fallbacks() {
    let servers = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    let config = PoolConfig {
        catch_up_wait: Duration::from_millis(20),
        lag_max: Duration::from_secs(600),
        ..PoolConfig::from_url(&servers.primary_url()).unwrap().replicas(servers.standby_urls()).unwrap()
    };
    let measured = Measured::of(config).await;
    measured.pool.write().await.unwrap().batch_execute("CREATE TABLE t (v int)").await.unwrap();
    servers.caught_up(0).await.unwrap();
    measured.pool.read().await.unwrap().query("SELECT 1", &[]).await.unwrap();
    let before = measured.status();
    assert_eq!((before.reads.replica, before.reads.primary), (1, 0));
    assert_eq!(before.fallbacks, Default::default());
    servers.pause_replay(0).await.unwrap();
    let position = measured
        .pool
        .transaction(async |tx| tx.execute("INSERT INTO t VALUES (1)", &[]).await)
        .await
        .unwrap()
        .position;
    measured.pool.read_after(position).await.unwrap().query("SELECT v FROM t", &[]).await.unwrap();
    let status = measured.status();
    assert_eq!((status.positions.primary, status.positions.waits.ended), (1, 1));
    assert!(status.positions.waits.time >= Duration::from_millis(20));
    assert_eq!((status.fallbacks.position, status.reads.primary), (1, 1));
    assert_eq!(measured.count("forebay_pool_position_checks_total", &[("result", "primary")]), 1);
    assert_eq!(measured.waited("forebay_pool_position_wait_seconds", &[]), 1);
    assert_eq!(measured.count("forebay_pool_fallbacks_total", &[("why", "position")]), 1);
    assert_eq!(measured.count("forebay_pool_reads_total", &[("served_by", "primary")]), 1);
    assert!(status.servers[1].lag.is_some());
    let endpoint = status.servers[1].endpoint.clone();
    eventually("lag is a gauge of each replica", async || {
        let page = measured.recorder.snapshot();
        page.gauge("forebay_pool_lag_seconds", &[("endpoint", endpoint.as_str())]).is_some()
    })
    .await;
    servers.kill_standby(0);
    eventually("no replica answers", async || !measured.status().servers[1].reachable).await;
    measured.pool.read().await.unwrap().query("SELECT 1", &[]).await.unwrap();
    assert_eq!(measured.status().fallbacks.none_fresh, 1);
    assert_eq!(measured.count("forebay_pool_fallbacks_total", &[("why", "none_fresh")]), 1);
    measured.pool.read_after(position).await.unwrap().query("SELECT 1", &[]).await.unwrap();
    let fallbacks = measured.status().fallbacks;
    assert_eq!((fallbacks.none_fresh, fallbacks.position), (2, 1), "nobody is behind where nobody answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routes_and_healed_statements() {
    let database = database("count_healed").await;
    database.execute("CREATE TABLE t (v int); INSERT INTO t VALUES (1); CREATE SEQUENCE s").await;
    database.execute("CREATE VIEW n AS SELECT nextval('s')").await;
    let replicated = config(&database).replicas(database.replica_urls()).unwrap();
    let measured = Measured::of(replicated).await;
    let pool = &measured.pool;
    pool.query("SELECT * FROM t", &[]).await.unwrap();
    pool.query("INSERT INTO t VALUES (2)", &[]).await.unwrap();
    let position = pool.begin().await.unwrap().commit().await.unwrap();
    // A view hides the write: the standby refuses it.
    let at = Scope::new();
    at.require(position);
    at.run(pool.query("SELECT * FROM n", &[])).await.unwrap();
    let writer = pool.write().await.unwrap();
    for _ in 0..2 {
        writer.query("SELECT * FROM t", &[]).await.unwrap();
        database.execute("ALTER TABLE t ADD COLUMN IF NOT EXISTS w int").await;
    }
    writer.query("SELECT * FROM t", &[]).await.unwrap();
    let status = measured.status();
    assert_eq!((status.routes.read, status.routes.write), (2, 1));
    assert_eq!(measured.count("forebay_pool_routes_total", &[("to", "replica"), ("why", "read")]), 2);
    assert_eq!((status.healed.refused, status.healed.schema), (1, 1), "{:?}", status.healed);
    for cause in ["refused", "schema"] {
        assert_eq!(measured.count("forebay_pool_healed_total", &[("cause", cause)]), 1, "{cause}");
    }
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["healed"]["refused"], 1, "the status is data");
}

#[test]
fn the_book_lists_every_metric() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/pool-watching.md");
    let page = std::fs::read_to_string(page).unwrap();
    for metric in METRICS {
        let name = metric.name.strip_prefix("forebay_pool_").unwrap();
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
