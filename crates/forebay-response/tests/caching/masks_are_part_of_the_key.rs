//! One layer owns the choice of fields, the cache and the coding, so that no order of them can be wrong.

use crate::site::{Answer, Site, ask_h2, respond, rules};
use axum::{body::Body, extract::FromRequestParts as _};
use forebay_response::{CacheRules, Fields, FieldsConfig, QueryRule};
use http::{Method, Request, StatusCode};

/// A handler that reads no more than is asked for, as one with SQL would, and tells of which query.
async fn site(rules: CacheRules) -> Site {
    Site::layered(
        |cache| cache.rules(rules),
        |layer| layer.fields(FieldsConfig::default()),
        |call, request: Request<Body>| async move {
            let (mut parts, _) = request.into_parts();
            let query = parts.uri.query().unwrap_or_default().to_owned();
            let fields = Fields::from_request_parts(&mut parts, &()).await.expect("the layer has judged it");
            let said = [format!("\"call\":{call}"), "\"id\":7".to_owned(), format!("\"query\":\"{query}\"")];
            let read: Vec<_> = ["call", "id", "query"]
                .iter()
                .zip(said)
                .filter(|(name, _)| fields.wants(name))
                .map(|(_, said)| said)
                .collect();
            let headers =
                [("cache-control", "max-age=60"), ("content-type", "application/json"), ("etag", "\"v\"")];
            respond(format!("{{{}}}", read.join(",")), &headers)
        },
    )
    .await
}

fn is_hit(answer: &Answer) -> bool {
    answer.handled() == "hit"
}

#[tokio::test]
async fn each_selection_is_kept_once_however_it_is_spelled() {
    for rules in [rules(), CacheRules { query: QueryRule::Names(Vec::new()), ..CacheRules::default() }] {
        let site = site(rules).await;
        assert_eq!(site.get("/?fields=call,id").await.text(), r#"{"call":1,"id":7}"#);
        let again = site.get("/?fields=id,call,id").await;
        assert!(is_hit(&again) && again.text() == r#"{"call":1,"id":7}"#, "{again:?}");
        // What was read for few fields is nobody else's.
        assert_eq!(site.get("/?fields=id").await.text(), r#"{"id":7}"#);
        assert_eq!(site.get("/").await.text(), r#"{"call":3,"id":7,"query":""}"#);
        assert!(is_hit(&site.get("/?fields=*").await), "a mask that selects everything is none");
        assert_eq!(site.calls(), 3);
        let other = ask_h2(site.at, Method::GET, "/?fields=call", &[]).await;
        assert_eq!(other.text(), r#"{"call":4}"#);
    }
}

#[tokio::test]
async fn whatever_changes_the_resource_changes_every_part_of_it() {
    let site = site(rules()).await;
    for path in ["/?fields=call", "/", "/?fields=id,call"] {
        site.get(path).await;
    }
    site.ask(Method::POST, "/", &[]).await;
    assert_eq!(site.get("/?fields=call").await.text(), r#"{"call":5}"#);
    assert!(!is_hit(&site.get("/").await) && !is_hit(&site.get("/?fields=id,call").await));
}

#[tokio::test]
async fn a_bad_mask_is_refused_before_anything_is_looked_up() {
    let site = site(rules()).await;
    let answer = site.get("/?fields=a(").await;
    assert_eq!((answer.status, site.calls()), (StatusCode::BAD_REQUEST, 0));
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn parts_have_tags_of_their_own_and_are_encoded_and_revalidated() {
    let site = site(rules()).await;
    let whole = site.get("/").await.header("etag").to_owned();
    let part = site.get("/?fields=call").await.header("etag").to_owned();
    assert_ne!(whole, part);
    for (path, tag) in [("/", &whole), ("/?fields=call", &part)] {
        let known = site.get_with(path, &[("if-none-match", tag)]).await;
        assert_eq!(known.status, StatusCode::NOT_MODIFIED, "{path}");
    }
    let stale = site.get_with("/?fields=call", &[("if-none-match", &whole)]).await;
    assert_eq!((stale.status, stale.text()), (StatusCode::OK, r#"{"call":2}"#));
}

/// A mask from a layer outside: the handler sees it, so it is part of the key there too.
#[tokio::test]
async fn a_mask_that_a_layer_outside_has_read_is_in_the_key_as_well() {
    use axum::Router;
    use forebay_metrics::Meter;
    use forebay_response::{FieldsLayer, ResponseCache};
    let cache = ResponseCache::builder("outside").meter(&Meter::disabled());
    let rules = CacheRules { query: QueryRule::Names(Vec::new()), ..CacheRules::default() };
    let cache = cache.rules(rules).build().expect("valid");
    let handler = async |fields: Fields| {
        let read = fields.pick(["a", "b"]);
        let body = read.iter().map(|name| format!("\"{name}\":1")).collect::<Vec<_>>().join(",");
        respond(
            format!("{{{body}}}"),
            &[("cache-control", "max-age=60"), ("content-type", "application/json")],
        )
    };
    let routes: Router = Router::new().fallback(handler).layer(cache).layer(FieldsLayer::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let get = async |path| crate::site::ask(at, Method::GET, path, &[]).await.text().to_owned();
    assert_eq!(get("/?fields=a").await, r#"{"a":1}"#);
    assert_eq!(get("/?fields=b").await, r#"{"b":1}"#);
    assert_eq!(get("/").await, r#"{"a":1,"b":1}"#);
}
