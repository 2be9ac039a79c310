//! A server with a cached handler, asked over a socket.

use axum::{Router, body::Body};
use bytes::Bytes;
use forebay_cache::testing::TestClock;
use forebay_metrics::Meter;
use forebay_response::{
    CacheRules, ResponseCache, ResponseCacheBuilder, ResponseLayer, ResponseLayerBuilder, ScopeLayer, View,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::net::{TcpListener, TcpStream};

/// A server whose time stands still.
pub(crate) struct Site {
    pub(crate) at: SocketAddr,
    pub(crate) cache: ResponseCache,
    calls: Arc<AtomicUsize>,
    clock: TestClock,
    date: Arc<AtomicU64>,
}

/// The date when each site is made: 2026-01-01.
pub(crate) const START: u64 = 1_767_225_600;

impl Site {
    /// A site with the rules of a plain shared cache, whose handler makes the response to its nth call.
    pub(crate) async fn new(
        handler: impl Fn(usize, &Request<Body>) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        Self::with(rules(), handler).await
    }

    pub(crate) async fn with(
        rules: CacheRules,
        handler: impl Fn(usize, &Request<Body>) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        let handler = Arc::new(handler);
        Self::built(
            |cache| cache.rules(rules),
            move |call, request| {
                let handler = handler.clone();
                async move { handler(call, &request) }
            },
        )
        .await
    }

    pub(crate) async fn built<F: Future<Output = Response<Body>> + Send + 'static>(
        set: impl FnOnce(ResponseCacheBuilder) -> ResponseCacheBuilder,
        handler: impl Fn(usize, Request<Body>) -> F + Send + Sync + Clone + 'static,
    ) -> Self {
        Self::layered(set, |layer| layer, handler).await
    }

    pub(crate) async fn layered<F: Future<Output = Response<Body>> + Send + 'static>(
        set: impl FnOnce(ResponseCacheBuilder) -> ResponseCacheBuilder,
        set_layer: impl FnOnce(ResponseLayerBuilder) -> ResponseLayerBuilder,
        handler: impl Fn(usize, Request<Body>) -> F + Send + Sync + Clone + 'static,
    ) -> Self {
        let (clock, date) = (TestClock::new(), Arc::new(AtomicU64::new(START)));
        let read = date.clone();
        let builder = ResponseCache::builder("pages")
            .meter(&Meter::disabled())
            .rules(rules())
            .now(move || SystemTime::UNIX_EPOCH + Duration::from_secs(read.load(Ordering::SeqCst)))
            .cache(|cache| cache.clock(clock.clock()));
        let cache = set(builder).build().expect("valid rules");
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let handler =
            move |request: Request<Body>| handler(counted.fetch_add(1, Ordering::SeqCst) + 1, request);
        let layer =
            set_layer(ResponseLayer::builder().meter(Meter::disabled())).build().expect("valid settings");
        let routes = Router::new().fallback(handler).layer(layer.cached(&cache)).layer(ScopeLayer::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let at = listener.local_addr().expect("bound");
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { at, cache, calls, clock, date }
    }

    /// How often the handler was called.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub(crate) fn passes(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.date.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, path, headers).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(self.at, method, path, headers).await
    }
}

/// What a plain proxy would have: the origin's `Vary` is believed.
pub(crate) fn rules() -> CacheRules {
    CacheRules { view: View::Whole, ..CacheRules::default() }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// How the cache handled it, without its own name and the time left.
    pub(crate) fn handled(&self) -> String {
        let parts = self.header("cache-status").split("; ").skip(1);
        parts.filter(|part| !part.starts_with("ttl=")).collect::<Vec<_>>().join("; ")
    }
}

pub(crate) async fn ask(at: SocketAddr, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(at, false, method, path, headers).await
}

pub(crate) async fn ask_h2(at: SocketAddr, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(at, true, method, path, headers).await
}

async fn send(at: SocketAddr, h2: bool, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let stream = TokioIo::new(TcpStream::connect(at).await.expect("listening"));
    let uri = if h2 { format!("http://site.test{path}") } else { path.to_owned() };
    let mut request = Request::builder().method(method).uri(uri);
    if !h2 {
        request = request.header("host", "site.test");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::new())).expect("a request");
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
    let body = body.collect().await.expect("the body is read to its end").to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A response with these headers.
pub(crate) fn respond(body: impl Into<Body>, headers: &[(&str, &str)]) -> Response<Body> {
    let mut response = Response::new(body.into());
    for (name, value) in headers {
        response.headers_mut().append(
            HeaderName::try_from(*name).expect("a name"),
            HeaderValue::try_from(*value).expect("a value"),
        );
    }
    response
}

/// The response to the nth call, fresh for a minute.
pub(crate) fn minute(call: usize) -> Response<Body> {
    respond(format!("call {call}"), &[("cache-control", "max-age=60"), ("content-type", "text/plain")])
}

/// A handler's date, so many seconds after the site's start.
pub(crate) fn date(after: u64) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(START + after))
}
