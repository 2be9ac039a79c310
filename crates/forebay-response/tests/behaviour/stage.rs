//! A service to ask, and what it answered.

use axum::body::Body;
use bytes::Bytes;
use forebay_metrics::Meter;
use forebay_response::{BudgetConfig, FilteredBody, ResponseBody, ResponseLayer, ResponseLayerBuilder};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use std::{collections::HashMap, convert::Infallible, io::Read, pin::Pin};
use tower::{Layer, ServiceExt, service_fn};

/// What came back, with the body as it was on the wire.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Answer {
    pub(crate) async fn of<B>(response: Response<B>) -> Self
    where
        B: http_body::Body<Error: std::fmt::Debug>,
    {
        let (parts, body) = response.into_parts();
        let collected = body.collect().await.expect("the body is read to its end");
        let trailers = collected.trailers().cloned();
        let body = collected.to_bytes().to_vec();
        Self { status: parts.status, headers: parts.headers, body, trailers }
    }

    /// A header, or an empty text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The body without its coding.
    pub(crate) fn decoded(&self) -> Vec<u8> {
        decode(self.header("content-encoding"), &self.body)
    }
}

pub(crate) fn decode(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "br" => brotli::Decompressor::new(body, 4096).read_to_end(&mut plain).expect("brotli"),
        "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut plain).expect("gzip"),
        "zstd" => {
            zstd::stream::Decoder::new(body).and_then(|mut zstd| zstd.read_to_end(&mut plain)).expect("zstd")
        }
        "deflate" => flate2::read::ZlibDecoder::new(body).read_to_end(&mut plain).expect("zlib"),
        "" => return body.to_vec(),
        other => panic!("unexpected coding {other}"),
    };
    plain
}

/// The codings there are.
pub(crate) const CODINGS: [&str; 4] = ["br", "zstd", "gzip", "deflate"];

/// JSON that shrinks well.
pub(crate) fn json(bytes: usize) -> Bytes {
    let mut text = String::from("[");
    for id in 0_u64.. {
        if text.len() + 1 >= bytes {
            break;
        }
        text.push_str(&format!(
            r#"{{"id":{id},"name":"customer {}","balance":{}}},"#,
            id * 7919,
            id * 104_729 % 9973
        ));
    }
    text.truncate(bytes - 1);
    text.push(']');
    text.into()
}

/// Bytes that do not shrink.
pub(crate) fn noise(bytes: usize) -> Bytes {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

pub(crate) fn request(method: Method, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request")
}

/// A response of JSON with these headers.
pub(crate) fn respond(body: Bytes, headers: &[(&str, &str)]) -> Response<Full<Bytes>> {
    let mut response = Response::builder().header("content-type", "application/json");
    for (name, value) in headers {
        response.headers_mut().expect("valid so far").insert(
            http::HeaderName::try_from(*name).expect("a name"),
            http::HeaderValue::try_from(*value).expect("a value"),
        );
    }
    response.body(Full::new(body)).expect("a response")
}

pub(crate) fn layer() -> ResponseLayer {
    builder().build().expect("the configuration is valid")
}

/// The default but for the budget of encoders, which has no limit: what is sent must not depend on how busy the machine is.
pub(crate) fn builder() -> ResponseLayerBuilder {
    let unlimited = BudgetConfig { core_percent: 0, ..BudgetConfig::default() };
    ResponseLayer::builder().meter(Meter::disabled()).budget(unlimited)
}

/// Sends one request through the layer to a service that answers `response`.
pub(crate) async fn send<E, B>(
    layer: &ResponseLayer<E>,
    asked: Request<()>,
    response: Response<B>,
) -> Response<Pin<Box<ResponseBody<FilteredBody<B>>>>>
where
    E: forebay_response::Eligible,
    B: http_body::Body<Error: Into<forebay_response::BoxError>>,
{
    let mut response = Some(response);
    let service = service_fn(|_: Request<()>| {
        let response = response.take().expect("asked once");
        async { Ok::<_, Infallible>(response) }
    });
    layer.layer(service).oneshot(asked).await.expect("the service does not fail").map(Box::pin)
}

/// [`send`], and the answer read to its end.
pub(crate) async fn ask<B>(layer: &ResponseLayer, asked: Request<()>, response: Response<B>) -> Answer
where
    B: http_body::Body<Error: Into<forebay_response::BoxError>>,
{
    Answer::of(send(layer, asked, response).await).await
}

/// GET with the default layer.
pub(crate) async fn get(asked: &[(&str, &str)], response: Response<Full<Bytes>>) -> Answer {
    ask(&layer(), request(Method::GET, asked), response).await
}

/// A layer whose measurements can be read.
pub(crate) fn measured() -> (ResponseLayerBuilder, Counts) {
    let recorder = DebuggingRecorder::new();
    let counts = Counts(recorder.snapshotter());
    (ResponseLayer::builder().meter(Meter::new(recorder)), counts)
}

/// What the layer measured.
pub(crate) struct Counts(pub(crate) Snapshotter);

impl Counts {
    /// By name of a metric, or by name and label (`name label`): the total of a counter, or the number of
    /// values of a histogram.
    pub(crate) fn since_last_look(&self) -> impl Fn(&str) -> u64 + use<> {
        let mut totals = HashMap::new();
        for (key, .., value) in self.0.snapshot().into_vec() {
            let count = match value {
                DebugValue::Counter(count) => count,
                DebugValue::Histogram(values) => values.len() as u64,
                DebugValue::Gauge(_) => 0,
            };
            *totals.entry(key.key().name().to_owned()).or_insert(0) += count;
            for label in key.key().labels() {
                *totals.entry(format!("{} {}", key.key().name(), label.value())).or_insert(0) += count;
            }
        }
        move |name| totals.get(name).copied().unwrap_or(0)
    }
}

/// A body for axum.
pub(crate) fn boxed(response: Response<Full<Bytes>>) -> Response<Body> {
    response.map(Body::new)
}
