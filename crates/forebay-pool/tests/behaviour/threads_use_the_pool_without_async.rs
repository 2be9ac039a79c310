//! A thread that is no task uses the pool as it is, and a task is refused.
#![cfg(feature = "blocking")]
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Bulk, Heard, PoolConfig, PoolError, QueryEvent, QueryObserver, Role, blocking::Pool};
use forebay_scope::Scope;
use forebay_tests::TestDatabase;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::runtime::Runtime;

/// The lab is asked on a runtime; the test itself is a plain thread.
struct Lab {
    runtime: Runtime,
    database: TestDatabase,
}

impl Lab {
    fn new(test: &str, setup: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let database = runtime.block_on(async {
            let database = forebay_tests::shared().await.database(test).await;
            database.execute(setup).await;
            database
        });
        Self { runtime, database }
    }

    fn config(&self) -> PoolConfig {
        PoolConfig::from_url(&self.database.primary_url())
            .unwrap()
            .replicas(self.database.replica_urls())
            .unwrap()
    }

    fn pool(&self) -> Pool {
        Pool::start(forebay_pool::Pool::builder(self.config())).unwrap()
    }
}

const TABLE: &str = "CREATE TABLE t (id int PRIMARY KEY, v text)";

#[test]
fn reads_writes_and_transactions() {
    let lab = Lab::new("blocking_all", TABLE);
    let pool = lab.pool();
    let writer = pool.write().unwrap();
    assert_eq!(writer.execute("INSERT INTO t VALUES (1, 'a')", &[]).unwrap(), 1);
    let bulk = Bulk::into("t").columns(["id", "v"]);
    assert_eq!(writer.insert_many(&bulk, &[(2_i32, "b"), (3, "c")]).unwrap(), 2);
    drop(writer);
    let done = pool
        .transaction(|tx| {
            tx.batch_execute("SAVEPOINT s")?;
            tx.execute("UPDATE t SET v = 'z' WHERE id = $1", &[&1_i32])
        })
        .unwrap();
    assert_eq!(done.value, 1);
    let reader = pool.read_after(done.position).unwrap();
    let row = reader.query_one("SELECT v FROM t WHERE id = 1", &[]).unwrap();
    assert_eq!(row.get::<_, String>(0), "z");
    assert!(matches!(reader.query("DELETE FROM t", &[]), Err(PoolError::ReadOnly { .. })));

    let failed: Result<_, PoolError> = pool.transaction(|tx| {
        tx.execute("DELETE FROM t", &[])?;
        tx.execute("SELECT 1 / 0", &[])
    });
    assert_eq!(failed.unwrap_err().sql_state().unwrap().code(), "22012");
    let dropped = pool.begin().unwrap();
    dropped.execute("DELETE FROM t", &[]).unwrap();
    drop(dropped);
    // Not on a replica that may be behind.
    let count = pool.read_after(done.position).unwrap().query_one("SELECT count(*) FROM t", &[]).unwrap();
    assert_eq!(count.get::<_, i64>(0), 3, "both were rolled back");
    assert!(pool.query_opt("SELECT 1 WHERE false", &[]).unwrap().is_none());
    let doubled = pool.run(async |pool| {
        let reader = pool.read_after(done.position).await?;
        Ok::<_, PoolError>(reader.query("SELECT v FROM t", &[]).await?.len() * 2)
    });
    assert_eq!(doubled.unwrap(), 6);
    assert_eq!(pool.explain_route("SELECT v FROM t").role, Role::Replica);
    drop(reader);
    assert!(pool.shutdown(Duration::from_secs(10)).unwrap());
    assert!(matches!(pool.read(), Err(PoolError::Closed)));
}

#[test]
fn many_threads_share_one_handle() {
    let lab = Lab::new("blocking_threads", TABLE);
    let pool = lab.pool();
    std::thread::scope(|scope| {
        for id in 0..20_i32 {
            let pool = pool.clone();
            scope.spawn(move || pool.execute("INSERT INTO t VALUES ($1, 'x')", &[&id]).unwrap());
        }
    });
    let count = pool.write().unwrap().query_one("SELECT count(*) FROM t", &[]).unwrap();
    assert_eq!(count.get::<_, i64>(0), 20);
}

#[test]
fn a_deadline_ends_a_call_and_a_scope_reads_its_writes() {
    let lab = Lab::new("blocking_scope", TABLE);
    let pool = lab.pool();
    let soon = Scope::with_deadline(tokio::time::Instant::now() + Duration::from_millis(50));
    let error = pool.within(&soon).query("SELECT pg_sleep(600)", &[]).unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    let scope = Scope::new();
    let within = pool.within(&scope);
    for id in 0..10_i32 {
        within.write().unwrap().execute("INSERT INTO t VALUES ($1, 'x')", &[&id]).unwrap();
        assert_eq!(within.query("SELECT id FROM t WHERE id = $1", &[&id]).unwrap().len(), 1);
    }
    assert!(!scope.written().is_empty());
}

#[test]
fn a_task_is_refused_and_what_may_block_is_not() {
    let lab = Lab::new("blocking_tasks", TABLE);
    let pool = lab.pool();
    let refused = |error: PoolError, expected: &str| match error {
        PoolError::WouldBlock { call } => assert_eq!(call, expected),
        other => panic!("{other:?}"),
    };
    lab.runtime.block_on(async {
        refused(pool.read().unwrap_err(), "Pool::read");
        refused(Pool::start(forebay_pool::Pool::builder(lab.config())).unwrap_err(), "Pool::start");
        let (in_task, blocking) = (pool.clone(), pool.clone());
        let told = tokio::spawn(async move { in_task.query("SELECT 1", &[]).map(drop) }).await.unwrap();
        refused(told.unwrap_err(), "Pool::query");
        let rows = tokio::task::spawn_blocking(move || blocking.query("SELECT 1", &[])).await.unwrap();
        assert_eq!(rows.unwrap().len(), 1);
        // The last handle may be dropped here as well.
        drop(pool);
    });
}

#[test]
fn an_asynchronous_pool_is_lent_to_threads() {
    let lab = Lab::new("blocking_over", TABLE);
    let handle = lab.runtime.handle().clone();
    let async_pool = lab.runtime.block_on(forebay_pool::Pool::builder(lab.config()).build()).unwrap();
    let pool = Pool::over(async_pool.clone(), handle.clone());
    assert_eq!(pool.query("SELECT 1", &[]).unwrap().len(), 1);
    let own = Pool::start_on(handle, forebay_pool::Pool::builder(lab.config())).unwrap();
    assert_eq!(own.query("SELECT 1", &[]).unwrap().len(), 1);
    drop(pool);
    assert_eq!(lab.runtime.block_on(async_pool.query("SELECT 1", &[])).unwrap().len(), 1);
}

#[test]
fn notifications_are_waited_for() {
    let lab = Lab::new("blocking_listen", TABLE);
    let pool = lab.pool();
    let mut jobs = pool.listen(["jobs"]).unwrap();
    pool.execute("SELECT pg_notify('jobs', 'one')", &[]).unwrap();
    let Some(Ok(Heard::Notification(job))) = jobs.next() else { panic!("a notification") };
    assert_eq!(job.payload(), "one");
}

#[test]
fn calls_keep_their_place() {
    #[derive(Default)]
    struct Lines(Mutex<Vec<(String, u32)>>);
    impl QueryObserver for Lines {
        fn observe(&self, event: &QueryEvent<'_>) {
            self.0.lock().unwrap().push((event.place.file().to_owned(), event.place.line()));
        }
    }
    let lab = Lab::new("blocking_places", TABLE);
    let lines = Arc::new(Lines::default());
    let builder = forebay_pool::Pool::builder(lab.config()).observer(Arc::clone(&lines) as _);
    let pool = Pool::start(builder).unwrap();
    let line = line!() + 1;
    pool.query("SELECT 1", &[]).unwrap();
    assert_eq!(*lines.0.lock().unwrap(), [(file!().to_owned(), line)]);
}
