//! The layer of field masks, as a client sees it over a socket: alone, and behind negotiation and validators.

use axum::{Json, Router, body::Body, extract::Path, response::IntoResponse, routing};
use bytes::Bytes;
use forebay_metrics::Meter;
use forebay_response::{Fields, FieldsConfig, FieldsLayer, JsonLines, Prepared, ResponseLayer};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use std::{convert::Infallible, io::Read, net::SocketAddr};
use tokio::net::{TcpListener, TcpStream};

fn list() -> Value {
    let items: Vec<_> = (0..200)
        .map(|id| json!({"id": id, "name": format!("user {id}"), "address": {"city": "Kiel", "street": "…"}}))
        .collect();
    json!({"kind": "users", "items": items})
}

fn stream_of(text: &'static str) -> Body {
    let frames =
        text.as_bytes().chunks(7).map(|part| Ok::<_, Infallible>(Frame::data(Bytes::from_static(part))));
    Body::new(StreamBody::new(futures_util::stream::iter(frames)))
}

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];
const SMALL: &str = r#"{"id":7,"name":"Ada","notes":["long"]}"#;

/// What a handler that knows its validators does.
async fn tagged(headers: HeaderMap) -> Response<Body> {
    let tag = [(header::ETAG, "\"v1\"")];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|listed| listed == "\"v1\"") {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    let more = [("content-digest", "sha-256=:x:"), ("accept-ranges", "bytes"), ("x-mine", "kept")];
    (tag, more, JSON, SMALL).into_response()
}

fn routes() -> Router {
    let prepared = Prepared::json(SMALL);
    Router::new()
        .route("/list", routing::get(async || Json(list())))
        .route("/small", routing::get(async || (JSON, SMALL)).post(async || (JSON, SMALL)))
        .route("/prepared", routing::get(async move || prepared.clone()))
        .route("/tagged", routing::get(tagged))
        .route("/stream", routing::get(async || (JSON, stream_of(SMALL))))
        .route(
            "/lines",
            routing::get(async || {
                let rows = [json!({"a": 1, "b": 2}), json!({"a": 3})].map(Ok::<_, Infallible>);
                JsonLines::new(futures_util::stream::iter(rows))
            }),
        )
        .route("/broken", routing::get(async || (JSON, r#"{"id":7,"name":oops}"#)))
        .route("/broken/stream", routing::get(async || (JSON, stream_of(r#"{"id":7,"name":oops}"#))))
        .route("/cut/stream", routing::get(async || (JSON, stream_of(r#"{"id":7,"name":"x""#))))
        .route("/text", routing::get(async || "id, name"))
        .route("/missing", routing::get(async || (StatusCode::NOT_FOUND, JSON, SMALL)))
        .route("/encoded", routing::get(async || ([(header::CONTENT_ENCODING, "gzip")], JSON, "not really")))
        .route(
            "/columns",
            routing::get(async |fields: Fields| {
                Json(json!({"id": fields.pick(["id", "name", "notes"]), "name": 1, "notes": 2}))
            }),
        )
        .route(
            "/api/{type}",
            routing::get(async |Path(kind): Path<String>| {
                Json(json!({"data": {"attributes": {"a": 1, "b": 2}, "id": "1", "type": kind}}))
            }),
        )
}

async fn serve(routes: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

async fn alone() -> SocketAddr {
    serve(routes().layer(FieldsLayer::new(FieldsConfig::default()))).await
}

async fn behind_all() -> SocketAddr {
    let outer = ResponseLayer::builder().meter(Meter::disabled()).build().expect("valid");
    serve(routes().layer(FieldsLayer::default()).layer(outer)).await
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// Nothing when it was aborted.
    body: Option<Bytes>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn text(&self) -> String {
        let body = self.body.as_deref().expect("a whole body");
        let mut plain = Vec::new();
        match self.header("content-encoding") {
            "gzip" => drop(flate2::read::GzDecoder::new(body).read_to_end(&mut plain).expect("gzip")),
            _ => plain.extend_from_slice(body),
        }
        String::from_utf8(plain).expect("text")
    }
}

async fn ask(at: SocketAddr, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut answers = Vec::new();
    for http2 in [false, true] {
        let stream = TokioIo::new(TcpStream::connect(at).await.expect("listening"));
        let mut request = Request::builder()
            .method(method.clone())
            .uri(format!("http://{at}{path}"))
            .header("host", "test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Empty::<Bytes>::new()).expect("a request");
        let response = if http2 {
            let executor = TokioExecutor::new();
            let (mut send, run) = hyper::client::conn::http2::handshake(executor, stream).await.expect("h2");
            tokio::spawn(run);
            send.send_request(request).await
        } else {
            let (mut send, run) = hyper::client::conn::http1::handshake(stream).await.expect("http/1.1");
            tokio::spawn(run);
            send.send_request(request).await
        };
        // An error right at its beginning may take the head along.
        answers.push(match response {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                let body = body.collect().await.ok().map(http_body_util::Collected::to_bytes);
                Answer { status: parts.status, headers: parts.headers, body }
            }
            Err(_) => Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: None },
        });
    }
    let [one, two] = &answers[..] else { panic!("two answers") };
    assert_eq!((one.status, &one.body), (two.status, &two.body), "{path} on both versions of HTTP");
    answers.swap_remove(0)
}

async fn get(at: SocketAddr, path: &str) -> Answer {
    ask(at, Method::GET, path, &[]).await
}

#[tokio::test]
async fn what_was_asked_for_is_sent_with_its_exact_length() {
    let at = alone().await;
    let answer = get(at, "/list?page=1&fields=kind,items(id,address/city)").await;
    let items: Vec<_> = (0..200).map(|id| json!({"id": id, "address": {"city": "Kiel"}})).collect();
    let sent: Value = serde_json::from_str(&answer.text()).expect("JSON");
    assert_eq!(sent, json!({"kind": "users", "items": items}));
    assert_eq!(answer.header("content-length"), answer.text().len().to_string());
    for path in ["/small?fields=id", "/stream?fields=id", "/prepared?fields=id", "/small?fields=id%2Cnope/x"]
    {
        assert_eq!(get(at, path).await.text(), r#"{"id":7}"#, "{path}");
    }
    assert_eq!(ask(at, Method::POST, "/small?fields=id", &[]).await.text(), r#"{"id":7}"#);
    assert_eq!(get(at, "/lines?fields=a").await.text(), "{\"a\":1}\n{\"a\":3}\n");
    assert_eq!(
        get(at, "/api/user?fields[user]=a").await.text(),
        r#"{"data":{"id":"1","type":"user","attributes":{"a":1}}}"#
    );
}

#[tokio::test]
async fn what_is_no_json_of_ours_is_left_alone() {
    let at = alone().await;
    for (path, text) in [
        ("/small", SMALL),
        ("/small?fields=*", SMALL),
        ("/small?myfields=id", SMALL),
        ("/text?fields=id", "id, name"),
        ("/missing?fields=id", SMALL),
        ("/api/other?fields[user]=a", r#"{"data":{"id":"1","type":"other","attributes":{"a":1,"b":2}}}"#),
    ] {
        let sent = get(at, path).await.text();
        if path.starts_with("/api") {
            let (sent, whole): (Value, Value) =
                (serde_json::from_str(&sent).expect("JSON"), serde_json::from_str(text).expect("JSON"));
            assert_eq!(sent, whole);
        } else {
            assert_eq!(sent, text, "{path}");
        }
    }
    assert_eq!(get(at, "/encoded?fields=id").await.body.as_deref(), Some(&b"not really"[..]));
}

#[tokio::test]
async fn a_bad_mask_is_a_400_that_says_why() {
    let with_layer = alone().await;
    let extractor_only = serve(routes()).await;
    for (at, path) in [(with_layer, "/small?fields=id,,name"), (extractor_only, "/columns?fields=id,,name")] {
        let answer = get(at, path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::BAD_REQUEST, "application/problem+json")
        );
        let problem: Value = serde_json::from_str(&answer.text()).expect("JSON");
        assert_eq!(problem["detail"], "the field mask has `,` at byte 3, where a name is expected");
        assert_eq!((&problem["status"], &problem["title"]), (&json!(400), &json!("Bad Request")));
    }
}

#[tokio::test]
async fn malformed_json_is_never_half_a_document() {
    let at = alone().await;
    let answer = get(at, "/broken?fields=id").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::BAD_GATEWAY, "application/problem+json")
    );
    assert!(answer.text().contains("not JSON at byte 15"), "{}", answer.text());
    for path in ["/broken/stream?fields=id", "/cut/stream?fields=id"] {
        assert_eq!(get(at, path).await.body, None, "{path} is aborted");
    }
    assert_eq!(
        get(at, "/broken").await.text(),
        r#"{"id":7,"name":oops}"#,
        "without a mask it is not looked at"
    );
}

#[tokio::test]
async fn handlers_read_only_the_columns_that_are_sent() {
    for at in [alone().await, serve(routes()).await] {
        let sent: Value =
            serde_json::from_str(&get(at, "/columns?fields=name,id").await.text()).expect("JSON");
        assert_eq!(sent["id"], json!(["id", "name"]));
        let all: Value = serde_json::from_str(&get(at, "/columns").await.text()).expect("JSON");
        assert_eq!(all["id"], json!(["id", "name", "notes"]));
    }
}

#[tokio::test]
async fn a_handlers_tag_names_the_part_and_its_304_still_works() {
    let at = alone().await;
    let whole = get(at, "/tagged").await;
    let part = get(at, "/tagged?fields=id").await;
    let other = get(at, "/tagged?fields=name").await;
    assert_eq!((whole.header("etag"), part.text()), ("\"v1\"", r#"{"id":7}"#.to_owned()));
    assert!(part.header("etag").starts_with("\"v1.f") && part.header("etag") != other.header("etag"));
    assert_eq!(
        (part.header("content-digest"), part.header("accept-ranges")),
        ("", ""),
        "true of the whole only"
    );
    assert_eq!(part.header("x-mine"), "kept");
    let same_mask = "/tagged?fields=id,id";
    let known = ask(at, Method::GET, same_mask, &[("if-none-match", part.header("etag"))]).await;
    assert_eq!((known.status, known.header("etag")), (StatusCode::NOT_MODIFIED, part.header("etag")));
    let foreign = ask(at, Method::GET, same_mask, &[("if-none-match", other.header("etag"))]).await;
    assert_eq!(foreign.status, StatusCode::OK, "the tag of another part");
    let range = ask(at, Method::GET, same_mask, &[("range", "bytes=0-3")]).await;
    assert_eq!((range.status, range.text()), (StatusCode::OK, r#"{"id":7}"#.to_owned()));
}

#[tokio::test]
async fn parts_are_tagged_and_encoded_like_any_body() {
    let at = behind_all().await;
    let path = "/list?fields=items/name";
    let answer = ask(at, Method::GET, path, &[("accept-encoding", "gzip")]).await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert!(answer.text().starts_with(r#"{"items":[{"name":"user 0"},"#), "{}", answer.text());
    let conditional = [("accept-encoding", "gzip"), ("if-none-match", answer.header("etag"))];
    assert_eq!(ask(at, Method::GET, path, &conditional).await.status, StatusCode::NOT_MODIFIED);
    let stream = ask(at, Method::GET, "/stream?fields=id", &[("accept-encoding", "gzip")]).await;
    assert_eq!((stream.header("content-encoding"), stream.text()), ("gzip", r#"{"id":7}"#.to_owned()));
    let broken = ask(at, Method::GET, "/broken/stream?fields=id", &[("accept-encoding", "gzip")]).await;
    assert_eq!(broken.body, None);
}

#[tokio::test]
async fn head_does_not_promise_the_length_of_the_whole() {
    let at = alone().await;
    let head = ask(at, Method::HEAD, "/small?fields=id", &[]).await;
    assert_eq!((head.status, head.body.as_deref()), (StatusCode::OK, Some(&b""[..])));
    let promised = head.header("content-length");
    assert!(promised.is_empty() || promised == r#"{"id":7}"#.len().to_string(), "{promised}");
}

#[tokio::test]
async fn limits_are_named_settings() {
    let config = FieldsConfig {
        parameter: "only".to_owned(),
        names_max: 1,
        buffer_bytes_max: 0,
        ..FieldsConfig::default()
    };
    let at = serve(routes().layer(FieldsLayer::new(config))).await;
    assert_eq!(get(at, "/small?only=id").await.text(), r#"{"id":7}"#);
    assert_eq!(get(at, "/small?only=id").await.header("content-length"), "", "filtered while it is sent");
    assert_eq!(get(at, "/small?only=id,name").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(get(at, "/broken?only=id").await.body, None);
    assert!(serde_json::from_value::<FieldsConfig>(json!({"depth_max": 3})).is_ok());
    assert!(serde_json::from_value::<FieldsConfig>(json!({"unknown": 1})).is_err());
}
