//! The proxy in front of an origin, both on real sockets.

use axum::{Router, body::Body, extract::State, routing::any};
use clap::Parser as _;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use proxy::{Arguments, routes};
use std::{
    net::SocketAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::net::TcpListener;

async fn serve(routes: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    at
}

async fn proxy(origin: SocketAddr, more: &[&str]) -> SocketAddr {
    let origin = format!("http://{origin}");
    let arguments = Arguments::parse_from(["proxy", "--origin", &origin].iter().chain(more));
    serve(routes(&arguments).expect("valid")).await
}

async fn ask(at: SocketAddr, method: Method, path: &str, body: &str) -> (StatusCode, String, String) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::builder().method(method).uri(format!("http://{at}{path}"));
    let request = request.body(Body::from(body.to_owned())).expect("a request");
    let (parts, body) = client.request(request).await.expect("answered").into_parts();
    let status =
        parts.headers.get("cache-status").map_or("", |value| value.to_str().expect("text")).to_owned();
    let body = body.collect().await.expect("whole").to_bytes();
    (parts.status, String::from_utf8(body.to_vec()).expect("text"), status)
}

async fn counting(State(calls): State<Arc<AtomicUsize>>, request: Request<Body>) -> Response<Body> {
    let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
    let method = request.method().clone();
    let sent = request.into_body().collect().await.expect("whole").to_bytes();
    let text = format!("{method} {call} {}", String::from_utf8_lossy(&sent));
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert("cache-control", http::HeaderValue::from_static("max-age=60, stale-if-error=60"));
    response
}

#[tokio::test]
async fn what_the_origin_lets_be_kept_is_asked_once_until_something_changes_it() {
    let origin = serve(Router::new().fallback(any(counting)).with_state(Arc::default())).await;
    let at = proxy(origin, &[]).await;
    assert_eq!(ask(at, Method::GET, "/a", "").await.1, "GET 1 ");
    let again = ask(at, Method::GET, "/a", "").await;
    assert_eq!(again.1, "GET 1 ");
    assert!(again.2.starts_with("forebay; hit"), "{}", again.2);
    assert_eq!(ask(at, Method::POST, "/a", "news").await.1, "POST 2 news");
    assert_eq!(ask(at, Method::GET, "/a", "").await.1, "GET 3 ");
}

#[tokio::test]
async fn an_origin_that_is_down_is_a_502() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let origin = free.local_addr().expect("bound");
    drop(free);
    let at = proxy(origin, &[]).await;
    let (status, text, _) = ask(at, Method::GET, "/", "").await;
    assert_eq!((status, text.as_str()), (StatusCode::BAD_GATEWAY, "the origin cannot be reached\n"));
    assert_eq!(ask(at, Method::POST, "/", "x").await.0, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn an_origin_that_is_silent_is_a_504() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = proxy(silent.local_addr().expect("bound"), &["--timeout", "1"]).await;
    assert_eq!(ask(at, Method::GET, "/", "").await.0, StatusCode::GATEWAY_TIMEOUT);
}

#[test]
fn it_says_how_it_is_used() {
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_proxy")).args(arguments).output().expect("it runs")
    };
    let help = run(&["--help"]);
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("--origin <URL>"));
    let wrong = run(&["--origin", "ftp://x"]);
    assert!(!wrong.status.success());
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("must be http://host:port"));
}
