//! A timer records under `ok`, `error` or `cancelled`, also when a future is dropped half way or panics.

#![cfg(feature = "recorder")]

use forebay_metrics::{Meter, Metric, Timer, WindowRecorder};
use std::future::pending;

const WORK: Metric = Metric::seconds("app_work_seconds", &["kind", "outcome"], "Some work");

fn timer() -> (WindowRecorder, Timer) {
    let recorder = WindowRecorder::default();
    let timer = Meter::new(recorder.clone()).timer(&WORK, &["x"]);
    (recorder, timer)
}

/// How often the work ended as ok, error, cancelled.
fn endings(recorder: &WindowRecorder) -> [u64; 3] {
    let snapshot = recorder.snapshot();
    ["ok", "error", "cancelled"].map(|outcome| {
        let labels = [("kind", "x"), ("outcome", outcome)];
        snapshot.histogram("app_work_seconds", &labels).expect("it was registered").minute.rate.count
    })
}

#[tokio::test]
async fn results_are_told_apart() {
    let (recorder, timer) = timer();
    assert_eq!(timer.time(async { 7 }).await, 7);
    assert_eq!(timer.time_result(async { Ok::<_, ()>(7) }).await, Ok(7));
    assert_eq!(timer.time_result(async { Err::<(), _>("no") }).await, Err("no"));
    assert_eq!(timer.time(async { Err::<(), _>("no") }).await, Err("no"));
    assert_eq!(endings(&recorder), [3, 1, 0]);
}

#[tokio::test]
async fn a_dropped_future_is_cancelled_once_it_began() {
    let (recorder, timer) = timer();
    drop(timer.time(pending::<()>()));
    assert_eq!(endings(&recorder), [0, 0, 0], "it never began");

    let mut work = Box::pin(timer.time(pending::<()>()));
    assert!(futures_poll(work.as_mut()).await);
    drop(work);
    assert_eq!(endings(&recorder), [0, 0, 1]);
}

#[tokio::test]
async fn a_panic_is_cancelled() {
    let (recorder, timer) = timer();
    let task = tokio::spawn(async move { timer.time(async { panic!("on purpose") }).await });
    assert!(task.await.is_err());
    assert_eq!(endings(&recorder), [0, 0, 1]);
}

#[test]
fn the_guard_says_it_by_hand() {
    let (recorder, timer) = timer();
    timer.start().ok();
    timer.start().failed();
    drop(timer.start());
    assert_eq!(endings(&recorder), [1, 1, 1]);
}

/// Polls once; true while it waits.
async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}
