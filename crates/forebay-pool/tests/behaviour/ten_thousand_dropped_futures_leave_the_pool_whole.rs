//! Futures dropped at random points leave every session idle, outside a transaction, and the pool at full size.

use forebay_pool::{Pool, PoolConfig, PoolError};
use rand::{RngExt as _, SeedableRng as _};
use std::time::Duration;

const SESSIONS: usize = 4;
const DROPPED: i32 = 10_000;

/// What a caller got is what he asked for: answers of a statement that was dropped before never reach the next one.
async fn some_work(pool: &Pool, kind: u32, question: i32) -> Result<(), PoolError> {
    let echo = "SELECT $1::int4";
    match kind % 8 {
        0 => drop(pool.write().await?.query("SELECT pg_sleep(0.002)", &[]).await?),
        1 => {
            let row = pool.read().await?.query_one(echo, &[&question]).await?;
            assert_eq!(row.get::<_, i32>(0), question);
        }
        2 => {
            let transaction = pool.begin().await?;
            transaction.execute("INSERT INTO t VALUES ($1)", &[&question]).await?;
            let own = transaction.query_one("SELECT count(*) FROM t WHERE v = $1", &[&question]).await?;
            assert_eq!(own.get::<_, i64>(0), 1);
            transaction.commit().await?;
        }
        3 => {
            let writer = pool.write().await?;
            let one: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&question];
            let (own, failed) =
                futures_util::join!(writer.query_one(echo, &one), writer.query("SELECT 1/0", &[]));
            assert_eq!(own?.get::<_, i32>(0), question);
            assert!(failed.is_err());
        }
        4 => pool.write().await?.batch_execute("SELECT 1; SET work_mem = '9MB'; SELECT 2").await?,
        5 => {
            let rows = pool.query("SELECT $1::int4 FROM generate_series(1, 50)", &[&question]).await?;
            assert!(rows.len() == 50 && rows.iter().all(|row| row.get::<_, i32>(0) == question));
        }
        6 => {
            // Dropped in the middle, so that the next statement of the guard has to clean up, and may be dropped in that.
            let writer = pool.write().await?;
            let slow = polled(kind % 5, async { writer.query("SELECT pg_sleep(0.01)", &[]).await.map(drop) });
            slow.await;
            let row = writer.query_one(echo, &[&question]).await?;
            assert_eq!(row.get::<_, i32>(0), question);
        }
        _ => {
            let transaction = pool.begin().await?;
            transaction.batch_execute("SAVEPOINT s; SELECT 1").await?;
            transaction.rollback().await?;
        }
    }
    Ok(())
}

/// Polls a future a bounded number of times, then drops it wherever it stands.
async fn polled(times: u32, work: impl Future<Output = Result<(), PoolError>>) {
    let mut work = Box::pin(work);
    let mut left = times;
    std::future::poll_fn(|cx| {
        if left == 0 || work.as_mut().poll(cx).is_ready() {
            return std::task::Poll::Ready(());
        }
        left -= 1;
        std::task::Poll::Pending
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_comes_back_clean() {
    let database = forebay_tests::shared().await.database("dropped_futures").await;
    database.execute("CREATE TABLE t (v int)").await;
    let config = PoolConfig {
        write_sessions_max: SESSIONS,
        primary_read_sessions_max: SESSIONS,
        application_name: "dropped_futures".to_owned(),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();

    let client = database.client().await;
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    let mut tasks = tokio::task::JoinSet::new();
    for question in 0..DROPPED {
        let (pool, kind, polls) = (pool.clone(), random.random(), random.random_range(0..12));
        let pause = Duration::from_micros(random.random_range(0..3000));
        tasks.spawn(async move {
            // Either after so many polls or after so much time, whichever comes first.
            drop(tokio::time::timeout(pause, polled(polls, some_work(&pool, kind, question))).await);
        });
        if tasks.len() > 32 {
            tasks.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }

    // All of them can be out at once, so none is lost; each works, so none is stuck.
    let mut out = Vec::new();
    for _ in 0..SESSIONS {
        out.push(pool.write().await.unwrap());
    }
    for (question, writer) in (DROPPED..).zip(&out) {
        let row =
            writer.query_one("SELECT $1::int4, current_setting('work_mem')", &[&question]).await.unwrap();
        assert_eq!(row.get::<_, i32>(0), question);
        assert_ne!(row.get::<_, String>(1), "9MB");
        let state: String = writer
            .query_one(
                "SELECT CASE WHEN pg_current_xact_id_if_assigned() IS NULL THEN 'idle' ELSE 'open' END",
                &[],
            )
            .await
            .unwrap()
            .get(0);
        assert_eq!(state, "idle");
    }
    drop(out);
    let busy = "SELECT count(*) FROM pg_stat_activity \
                WHERE application_name = 'dropped_futures' AND state <> 'idle' AND query NOT LIKE '%pg_control_system%'";
    forebay_tests::eventually("nothing runs on the server", async || {
        client.query_one(busy, &[]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
    let status = pool.status();
    for sessions in &status.servers[0].sessions {
        assert_eq!((sessions.busy, sessions.waiting), (0, 0), "{status:?}");
        assert!(sessions.all <= SESSIONS, "{status:?}");
        assert_eq!(sessions.all, sessions.idle, "{status:?}");
    }
}
