//! A read that one replica is slow to answer is asked of another: within a budget, where that one may serve it.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{
    Candidate, HedgesStatus, HedgingConfig, Outcome, Pool, PoolConfig, PoolError, QueryEvent, QueryObserver,
    ReplicaSelector,
};
use forebay_scope::Scope;
use forebay_tests::{Postgres, PostgresSpec};
use forebay_traffic::BudgetConfig;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

const READ: &str = "SELECT count(*) FROM t";

/// The first standby, while it may serve the read.
struct First;

impl ReplicaSelector for First {
    fn select(&self, _: &[Candidate]) -> usize {
        0
    }
}

/// What became of each statement, and where.
#[derive(Default)]
struct Seen(Mutex<Vec<(String, Outcome)>>);

impl QueryObserver for Seen {
    fn observe(&self, event: &QueryEvent<'_>) {
        self.0.lock().unwrap().push((event.endpoint.to_owned(), event.outcome));
    }
}

struct Cluster {
    postgres: Postgres,
    pool: Pool,
    seen: Arc<Seen>,
}

impl Cluster {
    async fn start(standbys: usize, hedging: Option<HedgingConfig>) -> Self {
        Self::start_with(standbys, 4, hedging).await
    }

    async fn start_with(standbys: usize, idle_min: usize, hedging: Option<HedgingConfig>) -> Self {
        let postgres = Postgres::start(PostgresSpec::with_standbys(standbys)).await.unwrap();
        let config = PoolConfig {
            probe_interval: Duration::from_millis(50),
            // That one of them is stopped is not noticed by the pool.
            probe_timeout: Duration::from_secs(3600),
            lag_max: Duration::from_secs(3600),
            cleanup_timeout: Duration::from_secs(60),
            replica_idle_min: Some(idle_min),
            primary_read_idle_min: Some(1),
            hedging,
            ..PoolConfig::from_url(&postgres.primary_url())
                .unwrap()
                .replicas(postgres.standby_urls())
                .unwrap()
        };
        let seen = Arc::new(Seen::default());
        let observer = Arc::clone(&seen) as Arc<dyn QueryObserver>;
        let pool = Pool::builder(config).selector(First).observer(observer).build().await.unwrap();
        pool.write().await.unwrap().batch_execute("CREATE TABLE t (v int)").await.unwrap();
        let cluster = Self { postgres, pool, seen };
        cluster.reached().await;
        forebay_tests::eventually("sessions are ready", async || {
            let status = cluster.pool.status();
            status.servers[1..].iter().flat_map(|server| &server.sessions).all(|kind| kind.idle >= idle_min)
        })
        .await;
        cluster.events();
        cluster
    }

    /// The pool knows that every standby has everything.
    async fn reached(&self) {
        let empty = async |_: &forebay_pool::Transaction| Ok::<_, PoolError>(());
        let at = self.pool.transaction(empty).await.unwrap().position;
        forebay_tests::eventually("the standbys are seen to have everything", async || {
            let status = self.pool.status();
            status.servers[1..]
                .iter()
                .all(|server| server.position.is_some_and(|seen| at.is_reached_at(seen)))
        })
        .await;
    }

    fn hedges(&self) -> HedgesStatus {
        self.pool.status().hedges.unwrap()
    }

    fn endpoint(&self, server: usize) -> String {
        self.pool.status().servers[server].endpoint.clone()
    }

    fn events(&self) -> Vec<(String, Outcome)> {
        std::mem::take(&mut *self.seen.0.lock().unwrap())
    }

    async fn read(&self) -> Result<i64, PoolError> {
        Ok(self.pool.query_one(READ, &[]).await?.get(0))
    }

    /// A read that is given up after a while, because nobody answers it.
    async fn read_in_vain(&self) {
        let scope = Scope::with_deadline(Instant::now() + Duration::from_millis(300));
        let error = scope.run(self.read()).await.unwrap_err();
        assert!(matches!(error, PoolError::Deadline { .. }), "{error:?}");
    }
}

fn soon() -> HedgingConfig {
    HedgingConfig {
        delay: Some(Duration::from_millis(20)),
        budget: BudgetConfig { share: 1.0, burst: 100 },
        ..HedgingConfig::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_answers_and_the_session_of_the_first_is_clean_again() {
    let cluster = Cluster::start(2, Some(soon())).await;
    let (first, second) = (cluster.endpoint(1), cluster.endpoint(2));
    assert_eq!(cluster.read().await.unwrap(), 0);
    cluster.events();
    // On a busy machine a standby that is well is slow as well.
    let before = cluster.hedges();

    cluster.postgres.stop_standby(0);
    assert_eq!(cluster.read().await.unwrap(), 0);
    let events = cluster.events();
    assert_eq!(events, [(second, Outcome::Done), (first.clone(), Outcome::Cancelled)]);
    let HedgesStatus { sent, won, .. } = cluster.hedges();
    assert_eq!((sent, won), (before.sent + 1, before.won + 1));

    cluster.postgres.resume_standby(0);
    forebay_tests::eventually("its session is idle again", async || {
        let sessions = &cluster.pool.status().servers[1].sessions;
        sessions.iter().all(|kind| kind.busy == 0 && kind.idle == kind.all && kind.idle > 0)
    })
    .await;
    forebay_tests::eventually("it answers reads again", async || {
        assert_eq!(cluster.read().await.unwrap(), 0);
        cluster.events().contains(&(first.clone(), Outcome::Done))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_long_it_may_take_is_learned_from_its_answers() {
    let hedging = HedgingConfig { delay: None, ..soon() };
    let cluster = Cluster::start(2, Some(hedging)).await;
    for _ in 0..30 {
        cluster.read().await.unwrap();
    }
    let before = cluster.hedges();
    cluster.postgres.stop_standby(0);
    assert_eq!(cluster.read().await.unwrap(), 0);
    assert_eq!(cluster.hedges().won, before.won + 1);
    cluster.postgres.resume_standby(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_often_than_the_budget_allows() {
    let hedging = HedgingConfig { budget: BudgetConfig { share: 1e-6, burst: 2 }, ..soon() };
    let cluster = Cluster::start(2, Some(hedging)).await;
    cluster.postgres.stop_standby(0);
    // The session that the first one hangs on is being cleaned: the next read is given another.
    for _ in 0..2 {
        cluster.read().await.unwrap();
    }
    cluster.read_in_vain().await;
    let HedgesStatus { sent, won, over_budget, .. } = cluster.hedges();
    assert_eq!((sent, won, over_budget), (2, 2, 1));
    cluster.postgres.resume_standby(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_of_one_that_has_not_what_the_read_must_see() {
    let cluster = Cluster::start(2, Some(soon())).await;
    cluster.postgres.pause_replay(1).await.unwrap();
    let scope = Scope::with_deadline(Instant::now() + Duration::from_secs(20));
    scope.run(cluster.pool.execute("INSERT INTO t VALUES (1)", &[])).await.unwrap();
    let required = scope.required(cluster.pool.system()).unwrap();
    forebay_tests::eventually("the first has it", async || {
        cluster.pool.status().servers[1].position.is_some_and(|seen| required.is_reached_at(seen))
    })
    .await;
    cluster.postgres.stop_standby(0);
    let read = scope.run(async {
        let within = Duration::from_millis(300);
        tokio::time::timeout(within, cluster.read()).await
    });
    assert!(read.await.is_err(), "nobody else has what this scope wrote");
    let HedgesStatus { sent, nowhere, .. } = cluster.hedges();
    assert_eq!((sent, nowhere), (0, 1));
    // Another scope wrote nothing.
    assert_eq!(cluster.read().await.unwrap(), 0);
    cluster.postgres.resume_standby(0);
    cluster.postgres.resume_replay(1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_primary_only_when_that_is_allowed() {
    for on_primary in [false, true] {
        let cluster = Cluster::start(1, Some(HedgingConfig { on_primary, ..soon() })).await;
        cluster.postgres.stop_standby(0);
        if on_primary {
            assert_eq!(cluster.read().await.unwrap(), 0);
            assert!(cluster.events().contains(&(cluster.endpoint(0), Outcome::Done)));
        } else {
            cluster.read_in_vain().await;
        }
        let HedgesStatus { won, nowhere, .. } = cluster.hedges();
        assert_eq!((won, nowhere), if on_primary { (1, 0) } else { (0, 1) });
        cluster.postgres.resume_standby(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_is_a_session_of_one() {
    let hedging = HedgingConfig { budget: BudgetConfig { share: 1e-6, burst: 1 }, ..soon() };
    let cluster = Cluster::start_with(2, 1, Some(hedging)).await;
    cluster.postgres.stop_standby(0);
    for _ in 0..5 {
        assert_eq!(cluster.read().await.unwrap(), 0);
    }
    let HedgesStatus { sent, won, moved, .. } = cluster.hedges();
    assert_eq!((sent, won, moved), (1, 1, 4), "one hung on the only session, the others waited for it");
    cluster.postgres.resume_standby(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_an_error_is_one() {
    let cluster = Cluster::start(2, Some(soon())).await;
    // Both sleep for longer than the delay, and then fail.
    let failing = "SELECT 1 / (length(pg_sleep(0.2)::text))";
    let error = cluster.pool.query(failing, &[]).await.unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "22012", "{error:?}");
    let HedgesStatus { sent, won, .. } = cluster.hedges();
    assert_eq!((sent, won), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_unless_asked_for() {
    let cluster = Cluster::start(2, None).await;
    cluster.postgres.stop_standby(0);
    cluster.read_in_vain().await;
    assert_eq!(cluster.pool.status().hedges, None);
    cluster.postgres.resume_standby(0);
}
