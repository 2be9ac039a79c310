//! What of a response may be kept, and what a 304 may change of it (RFC 9111 sections 3 and 4.3).

use crate::site::{Site, date, minute, respond};
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn not_modified(mut response: Response<Body>) -> Response<Body> {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.body_mut() = Body::empty();
    response
}

fn asks(request: &Request<Body>, name: &str) -> bool {
    request.headers().contains_key(name)
}

/// What a client reads until the server closes the connection, whether or not that is all of a response.
async fn read_to_the_end(site: &Site, path: &str) -> String {
    let mut client = TcpStream::connect(site.at).await.expect("listening");
    let request = format!("GET {path} HTTP/1.1\r\nhost: site.test\r\nconnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).await.expect("sent");
    let mut read = Vec::new();
    client.read_to_end(&mut read).await.expect("closed properly");
    String::from_utf8(read).expect("text")
}

/// Section 3.1.
#[tokio::test]
async fn fields_of_one_connection_are_not_kept() {
    let fields = [
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5"),
        ("proxy-authenticate", "Basic"),
        ("proxy-authentication-info", "x"),
        ("proxy-connection", "x"),
        ("te", "gzip"),
        ("upgrade", "x"),
    ];
    let site = Site::new(move |call, _| {
        let mut response = minute(call);
        for (name, value) in fields {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response.headers_mut().insert("x-own", HeaderValue::from_static("kept"));
        response
    })
    .await;
    site.get("/").await;
    let hit = site.get("/").await;
    assert_eq!((hit.handled().as_str(), hit.header("x-own")), ("hit", "kept"));
    for (name, _) in fields {
        assert_eq!(hit.header(name), "", "{name}");
    }
}

/// Section 5.2.2.3.
#[tokio::test]
async fn no_store_gives_way_to_must_understand_where_the_status_is_known() {
    for (status, kept) in [(200, true), (404, true), (299, false), (599, false)] {
        let site = Site::new(move |call, _| {
            let line = "max-age=60, must-understand, no-store";
            let mut response = respond(format!("call {call}"), &[("cache-control", line)]);
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            response
        })
        .await;
        site.get("/").await;
        site.get("/").await;
        assert_eq!(site.calls(), if kept { 1 } else { 2 }, "{status}");
    }
}

/// Section 5.2.3: what is not known makes no difference, whatever it looks like.
#[tokio::test]
async fn directives_that_are_not_known_are_ignored() {
    for line in
        ["max-age=60, community=\"UCI, no-store\"", "x, max-age=60, y=\"private\\\"\"", "max-age=60, =5, ,"]
    {
        let site =
            Site::new(move |call, _| respond(format!("call {call}"), &[("cache-control", line)])).await;
        site.get("/").await;
        assert_eq!(site.get("/").await.handled(), "hit", "{line}");
    }
}

/// Section 3.3.
#[tokio::test]
async fn a_body_that_breaks_off_is_not_kept() {
    let site = Site::new(|call, _| {
        let frames = [Ok(Bytes::from(format!("call {call}"))), Err(std::io::Error::other("broken"))];
        let frames = frames.into_iter().take(if call == 1 { 2 } else { 1 });
        respond(Body::from_stream(futures_util::stream::iter(frames)), &[("cache-control", "max-age=60")])
    })
    .await;
    let broken = read_to_the_end(&site, "/").await;
    assert!(!broken.ends_with("0\r\n\r\n"), "a client can tell: {broken}");
    assert_eq!((site.get("/").await.text(), site.calls()), ("call 2", 2));
}

/// Section 3.3; hyper's server ends the connection when a body has not the length it was said to have.
#[tokio::test]
async fn a_body_of_another_length_than_was_said_is_not_kept() {
    for said in ["3", "600"] {
        let site = Site::new(move |call, _| {
            let frames = [Ok::<_, std::io::Error>(Bytes::from(format!("call {call}")))];
            let body = Body::from_stream(futures_util::stream::iter(frames));
            let headers = [("cache-control", "max-age=60"), ("content-length", said)];
            respond(body, if call == 1 { &headers } else { &headers[..1] })
        })
        .await;
        drop(read_to_the_end(&site, "/").await);
        assert_eq!(site.get("/").await.text(), "call 2", "{said}");
    }
}

/// Section 4.2.4: nothing stale where nothing allows it.
#[tokio::test]
async fn a_stale_response_without_a_window_stands_in_for_nothing() {
    let site = Site::new(|call, _| {
        let mut response =
            respond(format!("call {call}"), &[("cache-control", "max-age=10"), ("etag", "\"v1\"")]);
        if call > 1 {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        response
    })
    .await;
    site.get("/").await;
    site.passes(11);
    for headers in [&[][..], &[("cache-control", "max-stale")], &[("cache-control", "max-stale=100")]] {
        assert_eq!(site.get_with("/", headers).await.status, StatusCode::SERVICE_UNAVAILABLE);
    }
}

/// Section 4.3.1: it asks by both validators of what is kept, and by none of the client's.
#[tokio::test]
async fn a_stale_response_is_asked_about_by_its_own_validators() {
    let site = Site::new(|call, request| {
        let said =
            |name: &str| request.headers().get(name).map_or("-", |value| value.to_str().expect("text"));
        let text = format!("{call} {} {}", said("if-none-match"), said("if-modified-since"));
        let headers = [("cache-control", "max-age=10"), ("etag", "W/\"v1\""), ("last-modified", &date(0))];
        respond(text, &headers)
    })
    .await;
    let copies = [("if-none-match", "\"x\""), ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT")];
    assert_eq!(site.get_with("/", &copies).await.text(), "1 - -");
    site.passes(11);
    assert_eq!(site.get_with("/", &copies).await.text(), format!("2 W/\"v1\" {}", date(0)));
}

/// Section 3.2.
#[tokio::test]
async fn a_304_changes_nothing_about_the_body() {
    let site = Site::new(|call, request| {
        let version = call.to_string();
        let headers = [("cache-control", "max-age=10"), ("etag", "\"v1\""), ("x-version", &version)];
        let mut response = respond("the body", &headers);
        response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain"));
        if asks(request, "if-none-match") {
            for (name, value) in [
                ("content-type", "text/html"),
                ("content-encoding", "x-own"),
                ("content-range", "bytes 0-1/8"),
            ] {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            return not_modified(response);
        }
        response
    })
    .await;
    site.get("/").await;
    site.passes(11);
    for handled in ["fwd=stale; fwd-status=304; stored", "hit"] {
        let answer = site.get("/").await;
        assert_eq!((answer.handled().as_str(), answer.text()), (handled, "the body"));
        assert_eq!((answer.header("x-version"), answer.header("content-type")), ("2", "text/plain"));
        assert_eq!((answer.header("content-encoding"), answer.header("content-range")), ("", ""));
        assert_eq!(answer.header("content-length"), "8");
    }
}

/// Section 4.3.4: it names a version that is not here, so nothing here may be renewed by it.
#[tokio::test]
async fn a_304_for_another_version_is_not_believed() {
    for other in ["\"v2\"", "W/\"v2\""] {
        let site = Site::new(move |call, request| {
            let asked = asks(request, "if-none-match");
            let tag = if call == 1 { "\"v1\"" } else { other };
            let response = respond(format!("call {call}"), &[("cache-control", "max-age=10"), ("etag", tag)]);
            if asked { not_modified(response) } else { response }
        })
        .await;
        site.get("/").await;
        site.passes(11);
        let answer = site.get("/").await;
        assert_eq!((answer.status, answer.text(), site.calls()), (StatusCode::OK, "call 3", 3));
        assert_eq!(site.get("/").await.text(), "call 3");
    }
}
