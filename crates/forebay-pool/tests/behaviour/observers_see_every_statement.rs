//! What an observer is told.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{ObservedValues, Outcome, Pool, PoolConfig, QueryEvent, QueryObserver, Role};
use forebay_scope::Scope;
use forebay_tests::TestDatabase;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_postgres::types::Type;

#[derive(Default)]
struct Seen(Mutex<Vec<Event>>);

#[derive(Debug, PartialEq)]
struct Event {
    sql: String,
    params: usize,
    rows: u64,
    role: Role,
    outcome: Outcome,
    line: u32,
}

impl QueryObserver for Seen {
    fn observe(&self, event: &QueryEvent<'_>) {
        assert!(event.place.file().ends_with("observers_see_every_statement.rs"), "{}", event.place);
        assert_eq!(event.wait, Duration::ZERO, "a session was idle");
        self.0.lock().unwrap().push(Event {
            sql: event.sql.to_owned(),
            params: event.params.len(),
            rows: event.rows,
            role: event.role,
            outcome: event.outcome,
            line: event.place.line(),
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_text_the_rows_the_end_and_the_place() {
    let database = forebay_tests::shared().await.database("observer").await;
    database.execute("CREATE TABLE t (v int)").await;
    let seen = Arc::new(Seen::default());
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap();
    let pool = Pool::builder(config).observer(Arc::clone(&seen) as _).build().await.unwrap();
    let last = || seen.0.lock().unwrap().pop().unwrap();

    let writer = pool.write().await.unwrap();
    let (sql, line) = ("INSERT INTO t VALUES ($1), ($2)", line!() + 1);
    writer.execute(sql, &[&1_i32, &2_i32]).await.unwrap();
    let expected =
        Event { sql: sql.into(), params: 2, rows: 2, role: Role::Primary, outcome: Outcome::Done, line };
    assert_eq!(last(), expected);

    let reader = pool.read().await.unwrap();
    let (sql, line) = ("SELECT * FROM generate_series(1, 3)", line!() + 1);
    reader.query(sql, &[]).await.unwrap();
    let expected =
        Event { sql: sql.into(), params: 0, rows: 3, role: Role::Replica, outcome: Outcome::Done, line };
    assert_eq!(last(), expected);

    writer.query("SELECT nonsense", &[]).await.unwrap_err();
    assert_eq!(last().outcome, Outcome::Failed);

    let mut slow = Box::pin(writer.query("SELECT pg_sleep(600)", &[]));
    assert!(futures_util::poll!(slow.as_mut()).is_pending());
    drop(slow);
    assert_eq!(last().outcome, Outcome::Cancelled);

    let scope = Scope::with_deadline(tokio::time::Instant::now() + Duration::from_millis(30));
    let error = scope.run(reader.query("SELECT pg_sleep(600)", &[])).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_outcome_unknown(), "{error:?}");
    assert_eq!(last().outcome, Outcome::TimedOut);

    let line = line!() + 1;
    pool.query("SELECT 1", &[]).await.unwrap();
    assert_eq!(last().line, line);
}

/// What one event says beside the above.
#[derive(Default)]
struct Told(Mutex<Vec<Detail>>);

#[derive(Debug, Clone)]
struct Detail {
    sql: String,
    wait: Duration,
    round_trip: Duration,
    fetch: Duration,
    state: Option<String>,
    shown: Option<usize>,
    printed: String,
    endpoint: String,
}

impl QueryObserver for Told {
    fn observe(&self, event: &QueryEvent<'_>) {
        self.0.lock().unwrap().push(Detail {
            sql: event.sql.to_owned(),
            wait: event.wait,
            round_trip: event.round_trip,
            fetch: event.fetch,
            state: event.sql_state.map(|state| state.code().to_owned()),
            shown: event.params.shown().map(<[_]>::len),
            printed: format!("{event:?}"),
            endpoint: event.endpoint.to_owned(),
        });
    }
}

async fn told(test: &str, change: impl FnOnce(&mut PoolConfig)) -> (Arc<Told>, Pool, TestDatabase) {
    let database = forebay_tests::shared().await.database(test).await;
    let told = Arc::new(Told::default());
    let mut config = PoolConfig::from_url(&database.primary_url()).unwrap();
    change(&mut config);
    let pool = Pool::builder(config).observer(Arc::clone(&told) as _).build().await.unwrap();
    (told, pool, database)
}

impl Told {
    fn of(&self, sql: &str) -> Detail {
        self.0.lock().unwrap().iter().find(|detail| detail.sql == sql).unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_split_into_wait_round_trip_and_rows() {
    let (told, pool, _database) = told("observer_times", |config| config.write_sessions_max = 1).await;
    let (slow, long) = ("SELECT pg_sleep(0.05)", "SELECT repeat('x', 1000) FROM generate_series(1, 20000)");
    let held = pool.write().await.unwrap();
    let waits = tokio::spawn({
        let pool = pool.clone();
        async move {
            pool.write().await.unwrap().query("SELECT 1", &[]).await.unwrap();
        }
    });
    held.query(slow, &[]).await.unwrap();
    held.query(long, &[]).await.unwrap();
    drop(held);
    waits.await.unwrap();
    assert!(told.of(slow).round_trip >= Duration::from_millis(50), "{:?}", told.of(slow));
    assert_eq!(told.of(slow).wait, Duration::ZERO);
    // Twenty megabytes take longer to come than to be asked for.
    assert!(told.of(long).fetch > Duration::ZERO, "{:?}", told.of(long));
    assert!(told.of("SELECT 1").wait >= Duration::from_millis(50), "{:?}", told.of("SELECT 1"));
    assert_eq!(told.of(slow).endpoint, pool.status().servers[0].endpoint);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_hidden_unless_they_are_asked_for() {
    let sql = "SELECT $1::text";
    let secret: &(dyn tokio_postgres::types::ToSql + Sync) = &"geheim";
    let (told_nothing, pool, _database) = told("observer_hidden", |_| ()).await;
    pool.query(sql, &[secret]).await.unwrap();
    let hidden = told_nothing.of(sql);
    assert_eq!(hidden.shown, None);
    assert!(
        hidden.printed.contains("[1 hidden]") && !hidden.printed.contains("geheim"),
        "{}",
        hidden.printed
    );
    let shown = |config: &mut PoolConfig| config.observed_values = ObservedValues::Shown;
    let (told_all, pool, _database) = told("observer_shown", shown).await;
    pool.query(sql, &[secret]).await.unwrap();
    let shown = told_all.of(sql);
    assert_eq!(shown.shown, Some(1));
    assert!(shown.printed.contains("geheim"), "{}", shown.printed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_of_a_refusal() {
    let (told, pool, _database) = told("observer_code", |_| ()).await;
    pool.query("SELECT 1 / 0", &[]).await.unwrap_err();
    assert_eq!(told.of("SELECT 1 / 0").state.as_deref(), Some("22012"));
}

/// A text, the types of its values, and whether something was done to the session before.
type TypesOf = (String, Option<Vec<Type>>, bool);

#[derive(Default)]
struct Beside(Mutex<Vec<TypesOf>>);

impl QueryObserver for Beside {
    fn observe(&self, event: &QueryEvent<'_>) {
        self.0.lock().unwrap().push((event.sql.to_owned(), event.params.types(), event.altered));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_types_of_the_values_and_whether_the_session_was_altered() {
    let database = forebay_tests::shared().await.database("observer_types").await;
    let (one, other) = (Arc::new(Beside::default()), Arc::new(Beside::default()));
    let config = PoolConfig::from_url(&database.primary_url()).unwrap();
    let pool = Pool::builder(config)
        .observer(Arc::clone(&one) as _)
        .observer(Arc::clone(&other) as _)
        .build()
        .await
        .unwrap();
    let writer = pool.write().await.unwrap();
    let sql = "SELECT $1::int8, $2";
    writer.query(sql, &[&1_i64, &"two"]).await.unwrap();
    writer.query("SET work_mem = '1MB'", &[]).await.unwrap();
    writer.query(sql, &[&1_i64, &"two"]).await.unwrap();
    let types = Some(vec![Type::INT8, Type::TEXT]);
    let seen = one.0.lock().unwrap().clone();
    assert_eq!(seen[0], (sql.to_owned(), types.clone(), false));
    assert_eq!(seen[2], (sql.to_owned(), types, true));
    assert_eq!(seen, *other.0.lock().unwrap(), "each observer is told the same");
}
