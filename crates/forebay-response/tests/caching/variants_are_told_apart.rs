use crate::site::{Site, ask_h2, minute, respond, rules};
use axum::body::Body;
use forebay_response::{CacheRules, QueryRule};
use http::{Method, Request, Response};

fn by_language(call: usize, request: &Request<Body>) -> Response<Body> {
    let language =
        request.headers().get("accept-language").map_or("none", |value| value.to_str().expect("text"));
    respond(format!("{language} {call}"), &[("cache-control", "max-age=60"), ("vary", "Accept-Language")])
}

#[tokio::test]
async fn each_variant_is_kept() {
    let site = Site::new(by_language).await;
    let get =
        async |language: &str| site.get_with("/", &[("accept-language", language)]).await.text().to_owned();
    assert_eq!(get("de").await, "de 1");
    assert_eq!(get("en").await, "en 2");
    assert_eq!((get("de").await, get("en").await), ("de 1".into(), "en 2".into()));
    assert_eq!(site.get("/").await.text(), "none 3");
    assert_eq!(site.get("/").await.text(), "none 3");
    assert_eq!(get("fr").await, "fr 4");
    assert_eq!(site.get_with("/", &[("accept-language", "de")]).await.handled(), "hit");
}

#[tokio::test]
async fn blanks_in_what_varies_make_no_difference_and_order_does() {
    let site = Site::new(|call, _| {
        respond(format!("call {call}"), &[("cache-control", "max-age=60"), ("vary", "Foo")])
    })
    .await;
    let get = async |lines: &[(&str, &str)]| site.get_with("/", lines).await.text().to_owned();
    assert_eq!(get(&[("foo", "1,2")]).await, "call 1");
    assert_eq!(get(&[("foo", "1, 2")]).await, "call 1");
    assert_eq!(get(&[("foo", "1"), ("foo", "2")]).await, "call 1");
    assert_eq!(get(&[("foo", "2, 1")]).await, "call 2");
}

#[tokio::test]
async fn several_lines_of_vary_are_one_and_a_star_is_never_kept() {
    let site = Site::new(|call, request| {
        let vary = if request.uri().path() == "/star" { "Foo, *" } else { "Bar" };
        let headers = [
            ("cache-control", "max-age=60"),
            ("vary", "Foo"),
            ("vary", vary),
            ("content-type", "text/plain"),
        ];
        respond(format!("call {call}"), &headers)
    })
    .await;
    let first = site.get_with("/", &[("foo", "1"), ("bar", "1")]).await;
    assert_eq!(first.header("vary").to_ascii_lowercase(), "foo, bar, accept-encoding");
    assert_eq!(site.get_with("/", &[("foo", "1"), ("bar", "2")]).await.text(), "call 2");
    assert_eq!(site.get_with("/", &[("foo", "1"), ("bar", "1")]).await.text(), "call 1");
    site.get_with("/star", &[("foo", "1")]).await;
    assert_eq!(site.get_with("/star", &[("foo", "1")]).await.text(), "call 4");
}

#[tokio::test]
async fn the_variant_used_longest_ago_goes_when_there_are_too_many() {
    let site = Site::with(CacheRules { variants_max: 2, ..rules() }, by_language).await;
    let get =
        async |language: &str| site.get_with("/", &[("accept-language", language)]).await.text().to_owned();
    for (language, expected) in
        [("a", "a 1"), ("b", "b 2"), ("a", "a 1"), ("c", "c 3"), ("a", "a 1"), ("b", "b 4")]
    {
        assert_eq!(get(language).await, expected);
    }
}

#[tokio::test]
async fn queries_are_told_apart_unless_only_some_names_are_chosen() {
    let site = Site::new(|call, _| minute(call)).await;
    assert_ne!(site.get("/?a=1&b=2").await.text(), site.get("/?b=2&a=1").await.text());
    let query = QueryRule::Names(vec!["page".into()]);
    let site = Site::with(CacheRules { query, ..rules() }, |_, request| {
        respond(request.uri().query().unwrap_or("none").to_owned(), &[("cache-control", "max-age=60")])
    })
    .await;
    for path in ["/?utm=1&page=2", "/?page=2", "/?page=2&utm=3"] {
        assert_eq!(site.get(path).await.text(), "page=2");
    }
    assert_eq!((site.calls(), site.get("/?page=3").await.text()), (1, "page=3"));
}

#[tokio::test]
async fn no_vary_search_says_which_parameters_make_no_difference() {
    let site = Site::new(|call, _| {
        respond(
            format!("call {call}"),
            &[("cache-control", "max-age=60"), ("no-vary-search", "key-order, params=(\"utm\")")],
        )
    })
    .await;
    assert_eq!(site.get("/p?id=1&utm=a").await.text(), "call 1");
    assert_eq!(site.get("/p?id=1&x=2").await.text(), "call 2");
    for path in ["/p?x=2&id=1", "/p?utm=b&id=1&x=2"] {
        assert_eq!(site.get(path).await.text(), "call 2");
    }
    assert_eq!(site.get("/p?id=2&x=2").await.text(), "call 3");
}

#[tokio::test]
async fn both_versions_of_http_share_what_is_kept() {
    let site = Site::new(|call, _| minute(call)).await;
    site.get("/").await;
    assert_eq!(ask_h2(site.at, Method::GET, "/", &[]).await.text(), "call 1");
}

#[tokio::test]
async fn a_resource_that_comes_to_vary_by_more_is_learned_anew() {
    let site = Site::new(|call, _| {
        let vary = if call < 2 { "foo" } else { "foo, bar" };
        respond(format!("call {call}"), &[("cache-control", "max-age=60"), ("vary", vary)])
    })
    .await;
    let get = async |foo: &str, bar: &str| {
        site.get_with("/", &[("foo", foo), ("bar", bar)]).await.text().to_owned()
    };
    assert_eq!(get("1", "1").await, "call 1");
    assert_eq!(get("2", "1").await, "call 2");
    assert_eq!(get("2", "2").await, "call 3");
    assert_eq!(get("2", "2").await, "call 3");
    assert_eq!(get("2", "1").await, "call 4");
}
