use crate::site::{Site, ask, minute, respond, rules};
use axum::body::Body;
use bytes::Bytes;
use forebay_response::{CacheRules, Partition};
use http::{Method, Request, Response, StatusCode};
use std::sync::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

async fn twice(headers: &'static [(&'static str, &'static str)], asked: &[(&str, &str)]) -> (usize, String) {
    let site = Site::new(move |call, _| respond(format!("call {call}"), headers)).await;
    site.get_with("/", asked).await;
    let second = site.get_with("/", asked).await;
    (site.calls(), second.handled())
}

#[tokio::test]
async fn only_what_says_how_long_it_is_fresh_is_kept() {
    assert_eq!(twice(&[("cache-control", "max-age=60")], &[]).await.0, 1);
    assert_eq!(twice(&[("cache-control", "public")], &[]).await.0, 2);
    assert_eq!(twice(&[], &[]).await.0, 2);
    assert_eq!(twice(&[("cache-control", "max-age=0")], &[]).await.0, 2);
}

#[tokio::test]
async fn private_and_no_store_responses_are_not_kept() {
    for line in
        ["private, max-age=60", "no-store, max-age=60", "private=\"x\", max-age=60", "max-age=60, PRIVATE"]
    {
        let headers: &'static [_] = Vec::leak(vec![("cache-control", line)]);
        assert_eq!(twice(headers, &[]).await.0, 2, "{line}");
    }
}

#[tokio::test]
async fn a_response_that_is_marked_as_holding_a_secret_is_not_kept() {
    let site = Site::new(|call, _| {
        let mut response = minute(call);
        response.extensions_mut().insert(forebay_response::SecretAndReflected);
        response
    })
    .await;
    assert_eq!(site.get("/").await.text(), "call 1");
    assert_eq!(site.get("/").await.text(), "call 2");
}

#[tokio::test]
async fn a_response_that_sets_a_cookie_is_not_kept() {
    let (calls, handled) =
        twice(&[("cache-control", "public, max-age=60"), ("set-cookie", "a=b")], &[]).await;
    assert_eq!((calls, handled.as_str()), (2, "fwd=bypass; detail=uncacheable-before"));
}

#[tokio::test]
async fn requests_with_cookies_pass_unless_each_is_ignored() {
    let (calls, handled) = twice(&[("cache-control", "max-age=60")], &[("cookie", "sid=1")]).await;
    assert_eq!((calls, handled.as_str()), (2, "fwd=bypass; detail=cookie"));
    let rules = CacheRules { ignored_cookies: vec!["_ga".into()], ..rules() };
    let site = Site::with(rules, |call, request| {
        assert!(!request.headers().contains_key("cookie") || call > 1);
        minute(call)
    })
    .await;
    assert_eq!(site.get_with("/", &[("cookie", "_ga=7")]).await.text(), "call 1");
    assert_eq!(site.get_with("/", &[("cookie", "_ga=8; _ga=9")]).await.text(), "call 1");
    assert_eq!(site.get_with("/", &[("cookie", "_ga=8; sid=1")]).await.text(), "call 2");
    assert_eq!(site.get("/").await.text(), "call 1", "what passed was not kept");
}

#[tokio::test]
async fn credentials_are_answered_from_the_cache_only_with_what_is_for_all() {
    let credentials = [("authorization", "Bearer x")];
    for (line, shared) in [
        ("max-age=60", false),
        ("public, max-age=60", true),
        ("s-maxage=60", true),
        ("max-age=60, must-revalidate", true),
    ] {
        let site =
            Site::new(move |call, _| respond(format!("call {call}"), &[("cache-control", line)])).await;
        assert_eq!(site.get_with("/", &credentials).await.handled(), "fwd=bypass; detail=authorization");
        assert_eq!(site.get("/").await.text(), "call 2", "what was made with credentials is not kept");
        let expected = if shared { "call 2" } else { "call 3" };
        assert_eq!(site.get_with("/", &credentials).await.text(), expected, "{line}");
    }
}

#[tokio::test]
async fn a_partition_keeps_what_is_private_for_those_it_is_for() {
    let user = |parts: &http::request::Parts| match parts.headers.get("authorization") {
        Some(user) => Partition::Of(user.to_str().unwrap_or_default().to_owned()),
        None => Partition::Shared,
    };
    let site = Site::built(
        |cache| cache.rules(CacheRules::default()).partition(user),
        |call, request: Request<Body>| async move {
            let who =
                request.headers().get("authorization").map_or("nobody", |who| who.to_str().expect("text"));
            respond(format!("call {call} for {who}"), &[("cache-control", "private, max-age=60")])
        },
    )
    .await;
    for _ in 0..2 {
        assert_eq!(site.get_with("/", &[("authorization", "ada")]).await.text(), "call 1 for ada");
    }
    assert_eq!(site.get_with("/", &[("authorization", "bob")]).await.text(), "call 2 for bob");
    assert_eq!(site.get("/").await.text(), "call 3 for nobody");
    assert_eq!(site.get("/").await.text(), "call 4 for nobody");
}

#[tokio::test]
async fn only_get_and_head_are_answered_from_the_cache() {
    let site = Site::new(|call, _| minute(call)).await;
    site.get("/").await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        let before = site.calls();
        site.ask(method, "/other", &[]).await;
        assert_eq!(site.calls(), before + 1);
    }
    assert_eq!(site.get("/").await.text(), "call 1");
    assert_eq!(site.get("/other").await.text(), "call 7", "what was posted is not what is got");
}

/// http-cache-tower-server keeps the answer to a POST, and gives it to whoever posts something else.
#[tokio::test]
async fn what_is_posted_always_reaches_the_handler() {
    let site = Site::built(
        |cache| cache.rules(rules()),
        |call, request: Request<Body>| async move {
            let sent = axum::body::to_bytes(request.into_body(), 100).await.expect("short");
            let text = format!("{call} {}", String::from_utf8_lossy(&sent));
            respond(text, &[("cache-control", "public, max-age=60"), ("content-location", "/")])
        },
    )
    .await;
    for (call, sent) in [(1, "ada"), (2, "bob"), (3, "bob")] {
        let mut client = TcpStream::connect(site.at).await.expect("listening");
        let head = format!("POST / HTTP/1.1\r\nhost: site.test\r\ncontent-length: {}\r\n", sent.len());
        let request = format!("{head}connection: close\r\n\r\n{sent}");
        client.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("text");
        assert!(answer.ends_with(&format!("{call} {sent}")), "{answer}");
    }
    assert_eq!(site.get("/").await.text(), "4 ");
}

#[tokio::test]
async fn hosts_have_keys_of_their_own_and_others_than_those_named_pass() {
    let rules = CacheRules { hosts: vec!["site.test".into()], ..rules() };
    let site = Site::with(rules, |call, _| minute(call)).await;
    assert_eq!(site.get("/").await.text(), "call 1");
    assert_eq!(site.get("/").await.text(), "call 1");
    let other = send_to_host(&site, "evil.test").await;
    assert_eq!((other.text(), other.handled().as_str()), ("call 2", "fwd=bypass; detail=host"));
}

async fn send_to_host(site: &Site, host: &str) -> crate::site::Answer {
    // An absolute target names the host, whatever the field says (RFC 9112 section 3.2.2).
    ask(site.at, Method::GET, &format!("http://{host}/"), &[]).await
}

#[tokio::test]
async fn statuses_are_kept_only_where_their_response_says_so_and_errors_not_for_long() {
    for (status, after, calls) in [(404, 50, 1), (404, 61, 2), (503, 9, 1), (503, 11, 2), (299, 50, 1)] {
        let site = Site::new(move |call, _| {
            let mut response = minute(call);
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            response
        })
        .await;
        site.get("/").await;
        site.passes(after);
        assert_eq!(site.get("/").await.status.as_u16(), status);
        assert_eq!(site.calls(), calls, "{status} after {after} s");
    }
}

#[tokio::test]
async fn parts_are_not_kept_and_ranges_are_not_filled_with() {
    let site = Site::new(|call, _| -> Response<Body> {
        let mut response =
            respond("bo", &[("cache-control", "max-age=60"), ("content-range", "bytes 0-1/4")]);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        if call == 2 { minute(call) } else { response }
    })
    .await;
    let part = site.get_with("/", &[("range", "bytes=0-1")]).await;
    assert_eq!(
        (part.status, part.handled().as_str()),
        (StatusCode::PARTIAL_CONTENT, "fwd=bypass; detail=range")
    );
    assert_eq!(site.get("/").await.text(), "call 2");
}

#[tokio::test]
async fn a_body_beyond_the_bound_streams_through() {
    let rules = CacheRules { body_bytes_max: 1000, ..rules() };
    let site = Site::with(rules, |_, request| {
        let body = "x".repeat(if request.uri().path() == "/long" { 1001 } else { 1000 });
        let chunks: Vec<Result<bytes::Bytes, std::io::Error>> =
            body.as_bytes().chunks(100).map(|chunk| Ok(bytes::Bytes::copy_from_slice(chunk))).collect();
        let stream = futures_util::stream::iter(chunks);
        respond(Body::from_stream(stream), &[("cache-control", "max-age=60")])
    })
    .await;
    for (path, length, handled) in
        [("/long", 1001, "fwd=bypass; detail=uncacheable-before"), ("/short", 1000, "hit")]
    {
        assert_eq!(site.get(path).await.body.len(), length);
        let again = site.get(path).await;
        assert_eq!((again.body.len(), again.handled().as_str()), (length, handled));
    }
}

#[tokio::test]
async fn a_stream_that_is_not_kept_is_not_waited_for() {
    let (feed, lines) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let lines = Mutex::new(Some(lines));
    let site = Site::new(move |_, _| {
        let lines = lines.lock().expect("not poisoned").take().expect("asked once");
        let lines =
            futures_util::stream::unfold(lines, |mut lines| async { Some((lines.recv().await?, lines)) });
        respond(Body::from_stream(lines), &[("cache-control", "no-store, max-age=60")])
    })
    .await;
    let mut client = TcpStream::connect(site.at).await.expect("listening");
    client.write_all(b"GET / HTTP/1.1\r\nhost: site.test\r\n\r\n").await.expect("sent");
    let (mut wire, mut read) = (String::new(), [0; 1024]);
    for line in ["line 1", "line 2", "line 3"] {
        feed.send(Ok(Bytes::from_static(line.as_bytes()))).await.expect("listening");
        // The next line is produced only when this one is here.
        while !wire.contains(line) {
            let length = client.read(&mut read).await.expect("no error");
            assert_ne!(length, 0, "closed before {line}");
            wire.push_str(std::str::from_utf8(&read[..length]).expect("text"));
        }
    }
}
