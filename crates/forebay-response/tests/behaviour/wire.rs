//! A service behind a real socket, and a client that speaks both versions of HTTP to it.

use crate::stage::Answer;
use axum::Router;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};

/// The version of HTTP to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speak {
    Http1,
    Http2,
}

pub(crate) const BOTH: [Speak; 2] = [Speak::Http1, Speak::Http2];

/// Where a service listens, and how to speak to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wire {
    pub(crate) at: SocketAddr,
    pub(crate) speak: Speak,
}

/// Serves these routes on a free port; one wire for each version of HTTP.
pub(crate) async fn wires(routes: Router) -> [Wire; 2] {
    let at = listen(routes).await;
    BOTH.map(|speak| Wire { at, speak })
}

pub(crate) async fn listen(routes: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

impl Wire {
    pub(crate) async fn get(self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, path, headers, "").await
    }

    pub(crate) async fn ask(
        self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        Answer::of(self.open(method, path, headers, body).await).await
    }

    /// The answer as soon as its head is here.
    pub(crate) async fn open(
        self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Response<Incoming> {
        let stream = TokioIo::new(TcpStream::connect(self.at).await.expect("listening"));
        let uri = format!("http://{}{path}", self.at);
        let mut request = Request::builder().method(method).uri(uri).header("host", "test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        let response = match self.speak {
            Speak::Http1 => {
                let (mut send, connection) =
                    hyper::client::conn::http1::handshake(stream).await.expect("http/1.1");
                tokio::spawn(connection);
                send.send_request(request).await
            }
            Speak::Http2 => {
                let executor = TokioExecutor::new();
                let (mut send, connection) =
                    hyper::client::conn::http2::handshake(executor, stream).await.expect("h2");
                tokio::spawn(connection);
                send.send_request(request).await
            }
        };
        response.expect("answered")
    }
}
