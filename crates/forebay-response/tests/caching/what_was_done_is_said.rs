use crate::site::{Site, minute, rules};
use forebay_response::CacheRules;

#[tokio::test]
async fn each_answer_says_how_it_came_about() {
    let site = Site::new(|call, _| minute(call)).await;
    assert_eq!(
        site.get("/").await.header("cache-status"),
        "forebay; fwd=uri-miss; fwd-status=200; ttl=60; stored"
    );
    site.passes(10);
    assert_eq!(site.get("/").await.header("cache-status"), "forebay; hit; ttl=50");
    let anew = site.get_with("/", &[("cache-control", "no-cache")]).await;
    assert_eq!(anew.handled(), "fwd=request; fwd-status=200; stored");
}

#[tokio::test]
async fn it_adds_to_what_caches_before_it_said_and_is_silent_without_a_name() {
    let answers = |call: usize, _: &http::Request<axum::body::Body>| {
        let mut response = minute(call);
        response.headers_mut().insert("cache-status", http::HeaderValue::from_static("origin; fwd=stale"));
        response
    };
    let site = Site::new(answers).await;
    site.get("/").await;
    assert_eq!(site.get("/").await.header("cache-status"), "origin; fwd=stale, forebay; hit; ttl=60");
    let site = Site::with(CacheRules { name: String::new(), ..rules() }, answers).await;
    assert_eq!(site.get("/").await.header("cache-status"), "origin; fwd=stale");
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let built = |rules| forebay_response::ResponseCache::builder("x").rules(rules).build().map(drop);
    let named = |name: &str| CacheRules { name: name.to_owned(), ..CacheRules::default() };
    assert!(built(named("")).is_ok());
    assert!(built(named("a b")).is_err());
    assert!(built(CacheRules { vary: vec!["a b".into()], ..CacheRules::default() }).is_err());
    assert!(built(CacheRules { variants_max: 0, ..CacheRules::default() }).is_err());
}
