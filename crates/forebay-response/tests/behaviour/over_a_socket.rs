use crate::{
    stage::{Answer, CODINGS, boxed, json, layer, respond},
    streams_are_never_stalled::so_far,
    wire::{BOTH, Speak, Wire, listen},
};
use axum::{Router, body::Body, routing};
use bytes::Bytes;
use forebay_response::{Prepared, ResponseLayer, ScopeLayer};
use forebay_scope::Scope;
use http::{Method, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::sync::mpsc;

async fn serve(layer: ResponseLayer) -> SocketAddr {
    let prepared = Prepared::json(json(9_000));
    let routes = Router::new()
        .route("/json", routing::get(async || boxed(respond(json(9_000), &[]))))
        .route("/prepared", routing::get(async move || prepared.clone()))
        .route("/empty", routing::get(async || StatusCode::NO_CONTENT))
        .route(
            "/scope",
            routing::get(async || Scope::current().map(|scope| scope.id().to_string()).unwrap_or_default()),
        )
        .layer(layer)
        .layer(ScopeLayer::new());
    listen(routes).await
}

async fn ask(at: SocketAddr, speak: Speak, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    Wire { at, speak }.ask(method, path, headers, "").await
}

#[tokio::test]
async fn whole_bodies_have_their_exact_length() {
    let at = serve(layer()).await;
    for (speak, path) in BOTH.into_iter().flat_map(|speak| [(speak, "/json"), (speak, "/prepared")]) {
        for coding in CODINGS.into_iter().chain([""]) {
            let answer = ask(at, speak, Method::GET, path, &[("accept-encoding", coding)]).await;
            assert_eq!((answer.status, answer.header("content-encoding")), (StatusCode::OK, coding));
            assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{speak:?} {path}");
            assert_eq!(answer.headers.get_all("vary").iter().count(), 1);
            assert_eq!(answer.decoded(), json(9_000));
        }
    }
}

#[tokio::test]
async fn head_mirrors_get_to_the_last_header() {
    let at = serve(layer()).await;
    let without_date = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.remove("date");
        headers
    };
    for (speak, path) in BOTH.into_iter().flat_map(|speak| [(speak, "/json"), (speak, "/prepared")]) {
        for coding in ["br", ""] {
            let asked = [("accept-encoding", coding)];
            let get = ask(at, speak, Method::GET, path, &asked).await;
            let head = ask(at, speak, Method::HEAD, path, &asked).await;
            assert_eq!(without_date(&head), without_date(&get), "{speak:?} {path}");
            assert_eq!(head.body.len(), 0);
        }
    }
}

#[tokio::test]
async fn a_304_has_no_length_of_its_own() {
    let at = serve(layer()).await;
    for (speak, path) in BOTH.into_iter().flat_map(|speak| [(speak, "/json"), (speak, "/prepared")]) {
        let first = ask(at, speak, Method::GET, path, &[("accept-encoding", "br")]).await;
        let asked = [("accept-encoding", "br"), ("if-none-match", first.header("etag"))];
        let again = ask(at, speak, Method::GET, path, &asked).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(again.header("etag"), first.header("etag"));
        assert!(!again.headers.contains_key("content-length"), "{speak:?}: {:?}", again.headers);
    }
}

#[tokio::test]
async fn answers_without_a_body_stay_without_one() {
    let at = serve(layer()).await;
    for speak in BOTH {
        let answer = ask(at, speak, Method::GET, "/empty", &[("accept-encoding", "br")]).await;
        assert_eq!(
            (answer.status, answer.body.len(), answer.header("etag")),
            (StatusCode::NO_CONTENT, 0, "")
        );
    }
}

#[tokio::test]
async fn handlers_run_in_a_scope() {
    let at = serve(layer()).await;
    let first = ask(at, Speak::Http1, Method::GET, "/scope", &[]).await;
    let second = ask(at, Speak::Http2, Method::GET, "/scope", &[]).await;
    assert_eq!(first.body.len(), 16);
    assert_ne!(first.body, second.body);
}

/// Line 2 is produced only when the client has read line 1.
#[tokio::test]
async fn a_line_is_on_the_wire_before_the_next_one_exists() {
    for (speak, coding) in BOTH.into_iter().flat_map(|speak| CODINGS.map(|coding| (speak, coding))) {
        let (feed, lines) = mpsc::channel::<Bytes>(1);
        let at = listen(Router::new().route("/lines", once(lines)).layer(layer())).await;
        let wire = Wire { at, speak };
        let mut response = wire.open(Method::GET, "/lines", &[("accept-encoding", coding)], "").await;
        assert_eq!(response.headers()["content-encoding"], coding);
        let (mut wire, mut sent) = (Vec::new(), String::new());
        for line in ["{\"id\":1}\n", "{\"id\":2}\n", "{\"id\":3}\n"] {
            feed.send(Bytes::from_static(line.as_bytes())).await.expect("listening");
            sent.push_str(line);
            while so_far(coding, &wire) != sent {
                let frame = response.body_mut().frame().await.expect("more to come").expect("no error");
                wire.extend(frame.into_data().expect("data"));
            }
        }
    }
}

/// A route, for one request, that sends lines as they come.
fn once(lines: mpsc::Receiver<Bytes>) -> routing::MethodRouter {
    let lines = Arc::new(Mutex::new(Some(lines)));
    routing::get(async move || {
        let lines = lines.lock().expect("not poisoned").take().expect("asked once");
        let frames = futures_util::stream::unfold(lines, |mut lines| async {
            lines.recv().await.map(|line| (Ok::<_, io::Error>(Frame::data(line)), lines))
        });
        ([("content-type", "application/x-ndjson")], Body::new(StreamBody::new(frames)))
    })
}
