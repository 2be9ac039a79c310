//! A guard that is out for long is reported with the line that took it, once.

use forebay_metrics::{Meter, WindowRecorder};
use forebay_pool::{Pool, PoolConfig, SessionsStatus};
use std::time::Duration;

fn write_sessions(pool: &Pool) -> SessionsStatus {
    pool.status().servers[0].sessions[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_place_that_took_it() {
    let database = forebay_tests::shared().await.database("held_long").await;
    let config = PoolConfig {
        held_warn: Duration::from_millis(1),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    let recorder = WindowRecorder::default();
    let pool = Pool::builder(config).meter(Meter::new(recorder.clone())).build().await.unwrap();
    let line = line!() + 1;
    let held = pool.write().await.unwrap();
    forebay_tests::eventually("the guard is reported", async || !write_sessions(&pool).held_long.is_empty())
        .await;
    let reported = write_sessions(&pool).held_long;
    assert_eq!(reported.len(), 1);
    assert!(reported[0].place.contains(&format!("{}:{line}:", file!())), "{reported:?}");
    assert!(reported[0].held >= Duration::from_millis(1));
    forebay_tests::eventually("it was looked at again", async || {
        write_sessions(&pool).held_long.first().is_some_and(|guard| guard.held > Duration::from_secs(2))
    })
    .await;
    let labels = [("endpoint", &*pool.status().servers[0].endpoint), ("kind", "write")];
    let counted = recorder.snapshot().counter("forebay_pool_held_long_total", &labels).map(|c| c.total);
    assert_eq!(counted, Some(1), "once");
    drop(held);
    assert!(write_sessions(&pool).held_long.is_empty(), "it came back");
}
