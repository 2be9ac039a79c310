use crate::site::{Site, respond};
use forebay_cache::Mode;
use forebay_response::{CacheRules, QueryRule};
use http::Method;

fn keyed() -> CacheRules {
    CacheRules {
        vary: vec!["accept-language".into()],
        query: QueryRule::Names(vec!["page".into()]),
        ..CacheRules::default()
    }
}

/// A handler that tells everything it sees.
async fn telling(rules: CacheRules) -> Site {
    Site::with(rules, |call, request| {
        let mut seen: Vec<String> = request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}={}", value.to_str().expect("text")))
            .collect();
        seen.sort();
        let text = format!("{call} {} {} {}", request.method(), request.uri(), seen.join("|"));
        respond(text, &[("cache-control", "max-age=60"), ("content-type", "text/plain")])
    })
    .await
}

const POISON: [(&str, &str); 6] = [
    ("x-forwarded-host", "evil.test"),
    ("x-original-url", "/admin"),
    ("user-agent", "x"),
    ("accept-encoding", "identity"),
    ("if-none-match", "\"x\""),
    ("accept-language", "de"),
];

#[tokio::test]
async fn nothing_that_is_not_in_the_key_reaches_the_handler() {
    let site = telling(keyed()).await;
    let answer = site.get_with("/a?page=2&callback=alert", &POISON).await;
    assert_eq!(answer.text(), "1 GET /a?page=2 accept-language=de|host=site.test");
    assert_eq!(answer.header("vary").to_ascii_lowercase(), "accept-language, accept-encoding");
    let other = site.get_with("/a?page=2", &[("accept-language", "de"), ("user-agent", "y")]).await;
    assert_eq!(other.text(), answer.text());
    assert!(site.get_with("/a?page=2", &[("accept-language", "en")]).await.text().starts_with('2'));
}

#[tokio::test]
async fn a_request_that_passes_is_seen_whole() {
    let site = telling(keyed()).await;
    let answer = site.get_with("/a?page=2&x=1", &[("cookie", "sid=1"), ("user-agent", "x")]).await;
    assert_eq!(answer.text(), "1 GET /a?page=2&x=1 cookie=sid=1|host=site.test|user-agent=x");
}

/// Clients get what they would without a cache, so the handler sees what it would.
#[tokio::test]
async fn nothing_is_taken_away_while_the_cache_only_observes() {
    let site = telling(keyed()).await;
    site.cache.cache().set_mode(Mode::Observe);
    let answer = site.get_with("/a?page=2&x=1", &[("user-agent", "x"), ("accept-language", "de")]).await;
    assert_eq!(answer.text(), "1 GET /a?page=2&x=1 accept-language=de|host=site.test|user-agent=x");
}

#[tokio::test]
async fn a_response_that_varies_by_what_was_not_declared_is_not_kept() {
    let site = Site::with(keyed(), |call, _| {
        respond(format!("call {call}"), &[("cache-control", "max-age=60"), ("vary", "user-agent")])
    })
    .await;
    assert_eq!(site.get("/").await.handled(), "fwd=uri-miss; fwd-status=200; detail=vary-undeclared");
    assert_eq!(site.get("/").await.text(), "call 2");
}

#[tokio::test]
async fn methods_that_hide_in_fields_and_get_with_a_body_pass() {
    let site = telling(keyed()).await;
    let hidden = site.get_with("/", &[("x-http-method-override", "DELETE")]).await;
    assert_eq!(hidden.handled(), "fwd=bypass; detail=method-override");
    // A head that promises a body is enough.
    let fat = tokio::time::timeout(
        std::time::Duration::from_secs(5),
        site.ask(Method::GET, "/", &[("content-length", "0"), ("x-a", "b")]),
    )
    .await
    .expect("answered");
    assert_eq!(fat.handled(), "fwd=uri-miss; fwd-status=200; stored");
}
