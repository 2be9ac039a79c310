//! Requests over a socket.

use axum::{Router, body::Body};
use http_body_util::BodyExt as _;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn is_hit(&self) -> bool {
        let said = self.headers.get("cache-status").and_then(|said| said.to_str().ok());
        said.is_some_and(|said| said.contains("; hit"))
    }
}

/// Serves these routes until the test ends.
pub(crate) async fn serve(routes: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    at
}

pub(crate) async fn get(at: SocketAddr, path: &str) -> Answer {
    ask(at, Method::GET, path, false).await
}

pub(crate) async fn ask(at: SocketAddr, method: Method, path: &str, h2: bool) -> Answer {
    let stream = TokioIo::new(TcpStream::connect(at).await.expect("listening"));
    let uri = if h2 { format!("http://site.test{path}") } else { path.to_owned() };
    let mut request = Request::builder().method(method).uri(uri);
    if !h2 {
        request = request.header("host", "site.test");
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = if h2 {
        let (mut send, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.expect("h2");
        tokio::spawn(connection);
        send.send_request(request).await
    } else {
        let (mut send, connection) = hyper::client::conn::http1::handshake(stream).await.expect("http/1.1");
        tokio::spawn(connection);
        send.send_request(request).await
    };
    let (parts, body) = response.expect("answered").into_parts();
    let body = body.collect().await.expect("the body is read to its end").to_bytes();
    let text = String::from_utf8(body.to_vec()).expect("text");
    Answer { status: parts.status, headers: parts.headers, text }
}
