//! What an observer is told.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Outcome, Pool, PoolConfig, QueryEvent, QueryObserver, Role};
use forebay_scope::Scope;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

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
