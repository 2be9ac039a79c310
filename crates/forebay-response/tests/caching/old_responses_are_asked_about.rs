use crate::site::{Site, date, minute, respond};
use axum::body::Body;
use http::{Method, Request, Response, StatusCode};

/// A handler of one version, which says by `validator` that it still holds.
fn validated(call: usize, request: &Request<Body>, cache_control: &str) -> Response<Body> {
    let asked = request.headers().get("if-none-match").is_some_and(|tag| tag == "\"v1\"");
    let call_text = call.to_string();
    let headers = [
        ("cache-control", cache_control),
        ("etag", "\"v1\""),
        ("x-call", &call_text),
        ("content-type", "text/plain"),
    ];
    let mut response = respond(if asked { String::new() } else { format!("call {call}") }, &headers);
    if asked {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response
}

#[tokio::test]
async fn what_still_holds_is_kept_with_the_new_fields() {
    let site = Site::new(|call, request| validated(call, request, "max-age=10")).await;
    site.get("/").await;
    site.passes(11);
    let again = site.get("/").await;
    assert_eq!((again.text(), again.header("x-call"), site.calls()), ("call 1", "2", 2));
    assert_eq!(again.handled(), "fwd=stale; fwd-status=304; stored");
    site.passes(9);
    let hit = site.get("/").await;
    assert_eq!(
        (hit.text(), hit.header("age"), hit.header("date"), site.calls()),
        ("call 1", "9", date(11).as_str(), 2)
    );
}

#[tokio::test]
async fn no_cache_is_kept_and_asked_about_each_time() {
    let site = Site::new(|call, request| validated(call, request, "no-cache")).await;
    for calls in 1..4 {
        assert_eq!((site.get("/").await.text(), site.calls()), ("call 1", calls));
    }
}

#[tokio::test]
async fn a_new_version_replaces_the_old_one() {
    let site = Site::new(|call, _| {
        let tag = format!("\"v{call}\"");
        respond(format!("call {call}"), &[("cache-control", "max-age=10"), ("etag", &tag)])
    })
    .await;
    site.get("/").await;
    site.passes(11);
    assert_eq!(site.get("/").await.text(), "call 2");
    assert_eq!(site.get("/").await.text(), "call 2");
}

#[tokio::test]
async fn last_modified_is_asked_by_as_well() {
    let modified = date(0);
    let site = Site::new(move |call, request| {
        let mut response =
            respond(format!("call {call}"), &[("cache-control", "max-age=10"), ("last-modified", &modified)]);
        if request.headers().get("if-modified-since").is_some_and(|since| *since == modified) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Body::empty();
        }
        response
    })
    .await;
    site.get("/").await;
    site.passes(11);
    assert_eq!(site.get("/").await.text(), "call 1");
}

#[tokio::test]
async fn a_client_with_a_copy_gets_304_from_what_is_kept() {
    let site = Site::new(|call, _| {
        respond(
            format!("call {call}"),
            &[("cache-control", "max-age=60"), ("etag", "\"own\""), ("content-type", "text/plain")],
        )
    })
    .await;
    let first = site.get("/").await;
    let again = site.get_with("/", &[("if-none-match", "\"x\", W/\"own\"")]).await;
    assert_eq!((again.status, again.body.len(), site.calls()), (StatusCode::NOT_MODIFIED, 0, 1));
    for name in ["cache-control", "vary", "date"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!((again.header("age"), again.handled().as_str()), ("0", "hit"));
}

#[tokio::test]
async fn a_copy_from_before_is_known_although_the_handler_has_no_tags() {
    let site = Site::new(|call, _| minute(call)).await;
    let tag = site.get("/").await.header("etag").to_owned();
    assert!(!tag.is_empty());
    assert_eq!(site.get_with("/", &[("if-none-match", &tag)]).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(site.calls(), 1);
}

#[tokio::test]
async fn head_is_answered_from_what_get_had() {
    let site = Site::new(|call, _| minute(call)).await;
    assert_eq!(site.ask(Method::HEAD, "/", &[]).await.handled(), "fwd=method; detail=method");
    let get = site.get("/").await;
    let head = site.ask(Method::HEAD, "/", &[]).await;
    assert_eq!((head.body.len(), head.header("content-length"), site.calls()), (0, "6", 2));
    assert_eq!((head.header("etag"), head.handled().as_str()), (get.header("etag"), "hit"));
}

/// RFC 9111 section 4.3.2.
#[tokio::test]
async fn a_copy_is_known_by_the_date_of_the_response_where_nothing_says_when_it_was_changed() {
    let site = Site::new(|call, _| {
        let mut response = minute(call);
        response.headers_mut().insert("date", date(0).parse().expect("a value"));
        response
    })
    .await;
    let first = site.get("/").await;
    site.passes(10);
    for (since, status) in
        [(0, StatusCode::NOT_MODIFIED), (5, StatusCode::NOT_MODIFIED), (-1, StatusCode::OK)]
    {
        let since = httpdate::fmt_http_date(
            std::time::UNIX_EPOCH
                + std::time::Duration::from_secs(crate::site::START.saturating_add_signed(since)),
        );
        let asked = site.get_with("/", &[("if-modified-since", &since)]).await;
        assert_eq!((asked.status, asked.handled().as_str()), (status, "hit"), "{since}");
        assert_eq!((asked.header("vary"), asked.header("age")), (first.header("vary"), "10"));
        assert_eq!(asked.body.is_empty(), status == StatusCode::NOT_MODIFIED);
        let both = [("if-modified-since", since.as_str()), ("if-none-match", "\"another\"")];
        assert_eq!(site.get_with("/", &both).await.status, StatusCode::OK, "tags go first");
    }
    assert_eq!(site.calls(), 1);
}

/// RFC 9111 section 4.3.5.
#[tokio::test]
async fn what_the_answer_to_head_contradicts_is_forgotten() {
    for (name, other) in [("etag", "\"v2\""), ("last-modified", "Fri, 02 Jan 2026 00:00:00 GMT")] {
        let site = Site::new(move |call, request| {
            let mut response = minute(call);
            let headers = response.headers_mut();
            headers.insert("etag", "\"v1\"".parse().expect("a value"));
            headers.insert("last-modified", date(0).parse().expect("a value"));
            if request.method() == Method::HEAD && request.uri().path() == "/changed" {
                headers.insert(name, other.parse().expect("a value"));
            }
            response
        })
        .await;
        for path in ["/same", "/changed"] {
            site.get(path).await;
            let head = site.ask(Method::HEAD, path, &[("cache-control", "no-cache")]).await;
            assert_eq!(head.handled(), "fwd=method; detail=method");
        }
        assert_eq!(site.get("/same").await.handled(), "hit");
        assert_eq!(site.get("/changed").await.handled(), "fwd=uri-miss; fwd-status=200; stored", "{name}");
    }
}

#[tokio::test]
async fn one_kept_response_is_served_in_every_coding() {
    let long = "a long text that shrinks. ".repeat(500);
    let site = Site::new(move |_, request| {
        assert!(!request.headers().contains_key("accept-encoding"), "the handler need not know");
        respond(long.clone(), &[("cache-control", "max-age=60"), ("content-type", "text/plain")])
    })
    .await;
    let mut tags = Vec::new();
    for coding in ["br", "gzip", "identity"] {
        let answer = site.get_with("/", &[("accept-encoding", coding)]).await;
        let expected = if coding == "identity" { "" } else { coding };
        assert_eq!(answer.header("content-encoding"), expected);
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        tags.push(answer.header("etag").to_owned());
    }
    tags.dedup();
    assert_eq!((tags.len(), site.calls()), (3, 1));
}

#[tokio::test]
async fn requests_that_ask_for_the_resource_itself_pass() {
    let site = Site::new(|call, _| minute(call)).await;
    site.get("/").await;
    assert_eq!(
        site.get_with("/", &[("if-match", "\"x\"")]).await.handled(),
        "fwd=bypass; detail=precondition"
    );
}

#[tokio::test]
async fn a_cookie_that_comes_with_a_304_is_for_one_client() {
    let site = Site::new(|call, request| {
        let mut response = validated(call, request, "max-age=10");
        if call == 2 {
            response.headers_mut().insert("set-cookie", http::HeaderValue::from_static("sid=1"));
        }
        response
    })
    .await;
    site.get("/").await;
    site.passes(11);
    let asked = site.get("/").await;
    assert_eq!((asked.text(), asked.header("set-cookie")), ("call 1", "sid=1"));
    for _ in 0..2 {
        assert_eq!(site.get("/").await.header("set-cookie"), "");
    }
}
