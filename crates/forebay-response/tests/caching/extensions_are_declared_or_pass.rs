//! What layers outside put into a request's extensions is in no key, so it is declared, or its requests pass the cache.

use crate::site::{Answer, ask, respond};
use axum::{
    Extension, Router,
    body::Body,
    extract::{FromRequestParts, MatchedPath, NestedPath, OriginalUri, Path},
    middleware::{Next, from_fn},
    routing::get,
};
use forebay_metrics::Meter;
use forebay_response::{
    CacheRules, Partition, QueryRule, ResponseCache, ResponseCacheBuilder, ResponseLayer,
};
use http::{Method, Request, Response};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::net::TcpListener;

/// Who asks, as a layer outside of the cache found out.
#[derive(Clone)]
struct User(String);

/// What an outer layer gives to every request.
#[derive(Clone)]
struct Greeting(&'static str);

async fn find_user(mut request: Request<Body>, next: Next) -> Response<Body> {
    if let Some(user) = request.headers().get("x-user").cloned() {
        request.extensions_mut().insert(User(user.to_str().expect("text").to_owned()));
    }
    next.run(request).await
}

/// Greets the user that it is told of; a count of its calls comes first.
fn greeting() -> Router {
    let calls = Arc::new(AtomicUsize::new(0));
    let greet = async move |greeting: Option<Extension<Greeting>>, user: Option<Extension<User>>| {
        let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
        let greeting = greeting.map_or("-", |Extension(greeting)| greeting.0);
        let user = user.map_or("-".to_owned(), |Extension(user)| user.0);
        respond(format!("{call} {greeting} {user}"), &[("cache-control", "max-age=60")])
    };
    Router::new().route("/greet/{how}", get(greet))
}

async fn serve(routes: Router, set: impl FnOnce(ResponseCacheBuilder) -> ResponseCacheBuilder) -> SocketAddr {
    let cache = set(ResponseCache::builder("pages").meter(&Meter::disabled())).build().expect("valid rules");
    let layer = ResponseLayer::builder().meter(Meter::disabled()).build().expect("valid settings");
    let routes =
        routes.layer(layer.cached(&cache)).layer(from_fn(find_user)).layer(Extension(Greeting("hello")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    at
}

async fn greeted(at: SocketAddr, user: &str) -> Answer {
    let headers = [("x-user", user)];
    ask(at, Method::GET, "/greet/now", if user.is_empty() { &[] } else { &headers }).await
}

#[tokio::test]
async fn one_that_was_not_declared_goes_past_the_cache() {
    let at = serve(greeting(), |cache| cache).await;
    let unknown = greeted(at, "").await;
    assert_eq!((unknown.text(), unknown.handled().as_str()), ("1 hello -", "fwd=bypass; detail=extension"));
    let at = serve(greeting(), |cache| cache.forward_extension::<Greeting>()).await;
    assert_eq!(greeted(at, "ada").await.handled(), "fwd=bypass; detail=extension");
    assert_eq!(greeted(at, "").await.text(), "2 hello -");
    assert_eq!(greeted(at, "").await.text(), "2 hello -");
    assert_eq!(greeted(at, "ada").await.text(), "3 hello ada", "what is kept is not hers");
    assert_eq!(greeted(at, "bob").await.text(), "4 hello bob");
}

#[tokio::test]
async fn one_that_is_declared_twice_hides_no_other() {
    let twice = |cache: ResponseCacheBuilder| {
        cache
            .forward_extension::<Greeting>()
            .forward_extension::<Greeting>()
            .ignore_extension::<MatchedPath>()
    };
    let at = serve(greeting(), twice).await;
    assert_eq!(greeted(at, "ada").await.handled(), "fwd=bypass; detail=extension");
}

#[tokio::test]
async fn one_that_is_ignored_never_reaches_the_handler() {
    let ignoring =
        |cache: ResponseCacheBuilder| cache.forward_extension::<Greeting>().ignore_extension::<User>();
    let at = serve(greeting(), ignoring).await;
    for user in ["ada", "bob", ""] {
        assert_eq!(greeted(at, user).await.text(), "1 hello -");
    }
}

#[tokio::test]
async fn all_reach_it_in_a_partition_and_where_they_are_trusted() {
    let by_user = |parts: &http::request::Parts| match parts.extensions.get::<User>() {
        Some(user) => Partition::Of(user.0.clone()),
        None => Partition::Pass,
    };
    let at = serve(greeting(), |cache| cache.partition(by_user)).await;
    for (user, expected) in [("ada", "1 hello ada"), ("bob", "2 hello bob"), ("ada", "1 hello ada")] {
        assert_eq!(greeted(at, user).await.text(), expected);
    }
    let trusting = CacheRules { trust_extensions: true, ..CacheRules::default() };
    let at = serve(greeting(), |cache| cache.rules(trusting)).await;
    for user in ["ada", "bob"] {
        assert_eq!(greeted(at, user).await.text(), "1 hello ada");
    }
}

/// What axum's router adds is made from the path, and from the target without what is not in the key.
#[tokio::test]
async fn a_handler_has_what_axum_routed_it_by_and_no_more_of_the_query_than_the_key() {
    let calls = Arc::new(AtomicUsize::new(0));
    let tell = async move |request: Request<Body>| {
        let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
        let (mut parts, _) = request.into_parts();
        let Path(id) = Path::<String>::from_request_parts(&mut parts, &()).await.expect("a parameter");
        let OriginalUri(target) = OriginalUri::from_request_parts(&mut parts, &()).await.expect("a target");
        let matched = parts.extensions.get::<MatchedPath>().expect("a route").as_str();
        let nested = parts.extensions.get::<NestedPath>().expect("nested").as_str();
        let text = format!("{call} {id} {target} {matched} {nested}");
        respond(text, &[("cache-control", "max-age=60")])
    };
    let inner = Router::new().route("/items/{id}", get(tell));
    let query = QueryRule::Names(vec!["page".into()]);
    let rules = CacheRules { query, ..CacheRules::default() };
    let at =
        serve(Router::new().nest("/api", inner), |cache| cache.rules(rules).forward_extension::<Greeting>())
            .await;
    for path in ["/api/items/7?page=2&from=mail", "/api/items/7?page=2"] {
        let answer = ask(at, Method::GET, path, &[]).await;
        assert_eq!(answer.text(), "1 7 /api/items/7?page=2 /api/items/{id} /api");
    }
    assert_eq!(ask(at, Method::GET, "/api/items/8?page=2", &[]).await.text().split(' ').nth(1), Some("8"));
}
