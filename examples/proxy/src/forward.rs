use axum::{body::Body, response::IntoResponse};
use forebay_response::remove_hop_by_hop;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::VIA,
    uri::{Authority, PathAndQuery, Scheme},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::time::Duration;
use tokio::time::timeout;

/// Asks the origin.
#[derive(Clone)]
pub(crate) struct Forward {
    client: Client<HttpConnector, Body>,
    origin: Authority,
    timeout: Duration,
}

impl Forward {
    pub(crate) fn new(origin: Authority, timeout: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(timeout));
        Self { client: Client::builder(TokioExecutor::new()).build(connector), origin, timeout }
    }

    /// The origin's answer, or a 502 or 504 of our own.
    pub(crate) async fn send(self, mut request: Request<Body>) -> Response<Body> {
        if request.method() == Method::CONNECT {
            return StatusCode::NOT_IMPLEMENTED.into_response();
        }
        let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        let host = request.uri().authority().cloned();
        let uri = Uri::builder().scheme(Scheme::HTTP).authority(self.origin.clone()).path_and_query(path);
        let Ok(uri) = uri.build() else { return StatusCode::BAD_REQUEST.into_response() };
        *request.uri_mut() = uri;
        *request.version_mut() = http::Version::HTTP_11;
        // HTTP/2 names the host in the target.
        if let Some(host) = host.and_then(|host| HeaderValue::try_from(host.as_str()).ok()) {
            request.headers_mut().insert(http::header::HOST, host);
        }
        pass_on(request.headers_mut());
        match timeout(self.timeout, self.client.request(request)).await {
            Ok(Ok(response)) => {
                let mut response = response.map(Body::new);
                pass_on(response.headers_mut());
                response
            }
            Ok(Err(error)) if error.is_connect() => {
                failed(StatusCode::BAD_GATEWAY, "the origin cannot be reached")
            }
            Ok(Err(_)) => failed(StatusCode::BAD_GATEWAY, "the origin did not answer properly"),
            Err(_elapsed) => failed(StatusCode::GATEWAY_TIMEOUT, "the origin took too long"),
        }
    }
}

fn failed(status: StatusCode, why: &'static str) -> Response<Body> {
    (status, [("content-type", "text/plain; charset=utf-8")], format!("{why}\n")).into_response()
}

/// Takes out what is not to be passed on, and adds this hop (RFC 9110 section 7.6.3).
fn pass_on(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
    headers.append(VIA, HeaderValue::from_static("1.1 forebay"));
}
