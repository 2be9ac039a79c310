use crate::site::{Answer, Site, minute, respond, rules};
use axum::body::Body;
use forebay_response::CacheRules;
use forebay_tests::eventually;
use http::{Request, StatusCode};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
};

/// A site whose handler waits for a permit, and how many clients are to be held.
async fn gated(
    rules: CacheRules,
    headers: &'static [(&'static str, &'static str)],
) -> (Arc<Site>, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let site = Site::built(
        |cache| cache.rules(rules),
        move |call, _: Request<Body>| {
            let gate = held.clone();
            async move {
                gate.acquire().await.expect("open").forget();
                respond(format!("call {call}"), headers)
            }
        },
    )
    .await;
    (Arc::new(site), gate)
}

async fn fifty(site: &Arc<Site>, gate: &Semaphore) -> Vec<Answer> {
    let mut clients = JoinSet::new();
    for _ in 0..50 {
        let site = site.clone();
        clients.spawn(async move { site.get("/").await });
    }
    eventually("the handler was called", async || site.calls() > 0).await;
    gate.add_permits(50);
    clients.join_all().await
}

#[tokio::test]
async fn fifty_simultaneous_misses_make_one_call() {
    let (site, gate) = gated(rules(), &[("cache-control", "max-age=60")]).await;
    let answers = fifty(&site, &gate).await;
    assert!(answers.iter().all(|answer| answer.text() == "call 1"));
    assert_eq!(site.calls(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.handled().contains("stored")).count(), 1);
}

#[tokio::test]
async fn so_they_do_where_the_response_varies() {
    let (site, gate) = gated(rules(), &[("cache-control", "max-age=60"), ("vary", "foo")]).await;
    let answers = fifty(&site, &gate).await;
    assert!(answers.iter().all(|answer| answer.text() == "call 1"));
    assert_eq!(site.calls(), 1);
}

#[tokio::test]
async fn those_who_waited_for_what_is_not_kept_are_all_released_and_the_next_do_not_wait() {
    let (site, gate) = gated(rules(), &[("cache-control", "private")]).await;
    let answers = fifty(&site, &gate).await;
    let mut texts: Vec<&str> = answers.iter().map(Answer::text).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!((site.calls(), texts.len()), (50, 50), "each has an answer of its own");
    gate.add_permits(1);
    assert_eq!(site.get("/").await.handled(), "fwd=bypass; detail=uncacheable-before");
}

#[tokio::test]
async fn a_client_that_goes_away_ends_nothing() {
    let (site, gate) = gated(rules(), &[("cache-control", "max-age=60")]).await;
    let gone = tokio::spawn({
        let site = site.clone();
        async move { site.get("/").await }
    });
    eventually("the handler was called", async || site.calls() > 0).await;
    gone.abort();
    drop(gone.await);
    gate.add_permits(1);
    let second = site.get("/").await;
    assert_eq!((second.text(), site.calls()), ("call 1", 1));
}

#[tokio::test]
async fn a_fill_has_a_deadline() {
    let never = Arc::new(Notify::new());
    let site = Site::built(
        |cache| cache.cache(|cache| cache.load_max(Duration::from_millis(30))),
        move |call, _: Request<Body>| {
            let never = never.clone();
            async move {
                if call == 1 {
                    never.notified().await;
                }
                minute(call)
            }
        },
    )
    .await;
    let late = site.get("/").await;
    assert_eq!(
        (late.status, late.handled().as_str()),
        (StatusCode::GATEWAY_TIMEOUT, "fwd=uri-miss; detail=deadline")
    );
    assert_eq!(site.get("/").await.text(), "call 2");
}
