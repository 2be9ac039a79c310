use crate::site::{Site, minute, respond, rules};
use axum::body::Body;
use forebay_cache::{Cache, Mode, Namespace, Tag};
use forebay_response::{CacheRules, SurrogateRule, SurrogateStyle};
use http::Request;
use std::sync::Arc;
use tokio::sync::Semaphore;

#[tokio::test]
async fn a_response_has_the_tags_of_what_its_handler_read() {
    let space = Namespace::local("space");
    let users: Cache<u64, String> = Cache::builder("users").namespace(&space).build().expect("valid");
    let read = users.clone();
    let site = Site::built(
        |cache| cache.cache(|cache| cache.namespace(&space)),
        move |call, _: Request<Body>| {
            let users = read.clone();
            async move {
                users.entry(&7).tags(|| [Tag::of("user", 7)]).get_or_load(async || "Ada".to_owned()).await;
                minute(call)
            }
        },
    )
    .await;
    site.get("/").await;
    assert_eq!(site.get("/").await.text(), "call 1");
    users.invalidate_tag(&Tag::of("user", 8)).await;
    assert_eq!(site.get("/").await.text(), "call 1");
    users.invalidate_tag(&Tag::of("user", 7)).await;
    assert_eq!(site.get("/").await.text(), "call 2");
}

fn tagged() -> CacheRules {
    CacheRules { tags_from: vec!["surrogate-key".into()], ..rules() }
}

#[tokio::test]
async fn tags_that_a_response_names_purge_it_and_are_told_to_nobody() {
    let site = Site::with(tagged(), |call, _| {
        respond(format!("call {call}"), &[("cache-control", "max-age=60"), ("surrogate-key", "a product:7")])
    })
    .await;
    assert_eq!(site.get("/").await.header("surrogate-key"), "");
    assert_eq!(site.get("/").await.header("surrogate-key"), "");
    site.cache.cache().invalidate_tag(&Tag::named("product:7")).await;
    assert_eq!(site.get("/").await.text(), "call 2");
}

#[tokio::test]
async fn a_cdn_is_told_in_its_own_field() {
    let surrogate = Some(SurrogateRule { style: SurrogateStyle::CacheTag, only_with: Some("x-cdn".into()) });
    let site = Site::with(CacheRules { surrogate, ..tagged() }, |call, _| {
        respond(format!("call {call}"), &[("cache-control", "max-age=60"), ("surrogate-key", "a product:7")])
    })
    .await;
    for _ in 0..2 {
        assert_eq!(site.get_with("/", &[("x-cdn", "1")]).await.header("cache-tag"), "a,product:7");
        let browser = site.get("/").await;
        assert_eq!((browser.header("cache-tag"), browser.header("surrogate-key")), ("", ""));
    }
}

#[tokio::test]
async fn what_a_purge_of_the_cdn_could_not_find_is_not_for_it_to_keep() {
    let surrogate =
        Some(SurrogateRule { style: SurrogateStyle::EdgeCacheTag, only_with: Some("x-cdn".into()) });
    let site = Site::with(CacheRules { surrogate, ..tagged() }, |call, request| {
        let long = "x".repeat(129);
        let tag = if request.uri().path() == "/long" { long.as_str() } else { "user:7" };
        let headers =
            [("cache-control", "max-age=60"), ("cdn-cache-control", "max-age=9"), ("surrogate-key", tag)];
        respond(format!("call {call}"), &headers)
    })
    .await;
    for _ in 0..2 {
        let told = site.get_with("/", &[("x-cdn", "1")]).await;
        assert_eq!((told.header("edge-cache-tag"), told.header("cache-control")), ("user%3A7", "max-age=60"));
        let told = site.get_with("/long", &[("x-cdn", "1")]).await;
        assert_eq!((told.header("edge-cache-tag"), told.header("cache-control")), ("", "private, no-cache"));
        assert_eq!(told.header("cdn-cache-control"), "");
        assert_eq!(site.get("/long").await.header("cache-control"), "max-age=60");
    }
    assert_eq!(site.calls(), 2, "it is kept here, where a purge finds it");
}

#[tokio::test]
async fn a_response_that_passes_is_told_by_its_tags_too_and_browsers_see_none() {
    let surrogate = Some(SurrogateRule { style: SurrogateStyle::Xkey, only_with: Some("x-cdn".into()) });
    let site = Site::with(CacheRules { surrogate, ..tagged() }, |call, _| {
        respond(format!("call {call}"), &[("surrogate-key", "a b"), ("xkey", "c")])
    })
    .await;
    for path in ["/", "/?x"] {
        let headers: &[(&str, &str)] =
            if path == "/" { &[("x-cdn", "1")] } else { &[("x-cdn", "1"), ("cookie", "a=b")] };
        let told = site.get_with(path, headers).await;
        assert_eq!((told.header("xkey"), told.header("surrogate-key")), ("a b c", ""));
        let browser = site.get_with(path, &headers[1..]).await;
        assert_eq!((browser.header("xkey"), browser.header("surrogate-key")), ("", ""));
    }
}

#[tokio::test]
async fn a_fill_that_began_before_a_purge_is_not_kept() {
    for vary in ["", "foo"] {
        let (began, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (begins, waits) = (began.clone(), gate.clone());
        let site = Site::built(
            |cache| cache.rules(tagged()),
            move |call, _: Request<Body>| {
                let (begins, waits) = (begins.clone(), waits.clone());
                async move {
                    begins.add_permits(1);
                    waits.acquire().await.expect("open").forget();
                    let headers = [("cache-control", "max-age=60"), ("surrogate-key", "a"), ("vary", vary)];
                    respond(format!("call {call}"), &headers)
                }
            },
        )
        .await;
        let site = Arc::new(site);
        let first = tokio::spawn({
            let site = site.clone();
            async move { site.get("/").await.text().to_owned() }
        });
        began.acquire().await.expect("open").forget();
        site.cache.cache().invalidate_tag(&Tag::named("a")).await;
        gate.add_permits(2);
        assert_eq!(first.await.expect("answered"), "call 1");
        assert_eq!(site.get("/").await.text(), "call 2", "vary: {vary}");
    }
}

#[tokio::test]
async fn a_soft_purge_keeps_a_response_to_stand_in() {
    let site = Site::with(tagged(), |call, _| {
        let headers = [("cache-control", "max-age=60, stale-if-error=60"), ("surrogate-key", "a")];
        let mut response = respond(format!("call {call}"), &headers);
        if call == 2 {
            *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        }
        response
    })
    .await;
    site.get("/").await;
    site.cache.cache().invalidator().soft().tag(&Tag::named("a")).await;
    assert_eq!(site.get("/").await.text(), "call 1", "the error of call 2 is stood in for");
    assert_eq!(site.get("/").await.text(), "call 3");
    site.cache.cache().invalidate_tag(&Tag::named("a")).await;
    assert_eq!(site.get("/").await.text(), "call 4");
}

#[tokio::test]
async fn prefixes_of_addresses_are_purged() {
    let site = Site::new(|call, _| minute(call)).await;
    site.get("/a/1").await;
    site.get("/b/1").await;
    site.cache.cache().invalidate_prefix("http://site.test/a/").await;
    assert_eq!((site.get("/a/1").await.text(), site.get("/b/1").await.text()), ("call 3", "call 2"));
}

#[tokio::test]
async fn it_can_be_switched_off_and_only_observe() {
    let site = Site::new(|call, _| minute(call)).await;
    site.get("/").await;
    site.cache.cache().set_mode(Mode::Off);
    assert_eq!(site.get("/").await.handled(), "fwd=bypass; detail=off");
    site.cache.cache().set_mode(Mode::Observe);
    assert_eq!(site.get("/").await.text(), "call 3");
    assert_eq!(site.get("/").await.text(), "call 4");
    let observed = site.cache.cache().stats().observed;
    assert_eq!((observed.miss, observed.right, observed.wrong), (1, 0, 1), "call 4 is not what call 3 was");
    site.cache.cache().set_mode(Mode::On);
    assert_eq!(site.get("/").await.text(), "call 5");
    assert_eq!(site.get("/").await.text(), "call 5");
}
