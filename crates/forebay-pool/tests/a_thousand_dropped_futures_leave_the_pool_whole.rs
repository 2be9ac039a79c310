//! Futures dropped at random points leave every session idle, outside a transaction, and the pool at full size.

use forebay_pool::{Pool, PoolConfig, PoolError};
use rand::{RngExt as _, SeedableRng as _};
use std::time::Duration;

const SESSIONS: usize = 4;

async fn some_work(pool: &Pool, kind: u32) -> Result<(), PoolError> {
    match kind % 5 {
        0 => drop(pool.write().await?.query("SELECT pg_sleep(0.002)", &[]).await?),
        1 => drop(pool.read().await?.query("SELECT count(*) FROM generate_series(1, 2000)", &[]).await?),
        2 => {
            let transaction = pool.begin().await?;
            transaction.execute("INSERT INTO t VALUES ($1)", &[&1_i32]).await?;
            transaction.query("SELECT pg_sleep(0.001)", &[]).await?;
            transaction.commit().await?;
        }
        3 => {
            let writer = pool.write().await?;
            let _both = futures_util::join!(writer.query("SELECT 1", &[]), writer.query("SELECT 1/0", &[]));
        }
        _ => drop(pool.query("SELECT * FROM t LIMIT 10", &[]).await?),
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

    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let (pool, kind, polls) = (pool.clone(), random.random(), random.random_range(0..12));
        let pause = Duration::from_micros(random.random_range(0..3000));
        tasks.spawn(async move {
            // Either after so many polls or after so much time, whichever comes first.
            drop(tokio::time::timeout(pause, polled(polls, some_work(&pool, kind))).await);
        });
        if tasks.len() > 32 {
            tasks.join_next().await;
        }
    }
    while tasks.join_next().await.is_some() {}

    // All of them can be out at once, so none is lost; each works, so none is stuck.
    let mut out = Vec::new();
    for _ in 0..SESSIONS {
        out.push(pool.write().await.unwrap());
    }
    for writer in &out {
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
    let client = database.client().await;
    let busy = "SELECT count(*) FROM pg_stat_activity \
                WHERE application_name = 'dropped_futures' AND state <> 'idle' AND query NOT LIKE '%pg_control_system%'";
    while client.query_one(busy, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        tokio::task::yield_now().await;
    }
    let status = pool.status();
    for sessions in &status.servers[0].sessions {
        assert_eq!((sessions.busy, sessions.waiting), (0, 0), "{status:?}");
        assert!(sessions.all <= SESSIONS, "{status:?}");
        assert_eq!(sessions.all, sessions.idle, "{status:?}");
    }
}
