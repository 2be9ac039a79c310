//! Send fewer bytes, or none: content coding, ETag and 304 in one tower layer.
//!
//! [`ResponseLayer`] owns negotiation, validators and coding together, because the wrong order of separate
//! middlewares is where most of the field's mistakes come from. It wraps any service whose body implements
//! [`http_body::Body`]: axum, tonic, plain hyper.
//!
//! - **Negotiation** ([`AcceptEncoding`]): RFC 9110 section 12.5.3. Weights say what is acceptable, the server
//!   ranks ([`ResponseConfig::codings`], and [`ResponseConfig::quick`] where a body is encoded for one response);
//!   a malformed header counts as absent; nothing ever turns a good answer into a 406.
//! - **Whole bodies** of known length are encoded in one call on pooled encoders, with an exact
//!   `Content-Length`, and never grow. Encoded bytes are kept (within a bound), so a body seen again is not
//!   encoded again.
//! - **[`Prepared`]** bodies carry their variants with them: kept in a cache, each is encoded once and served
//!   as ready bytes from then on.
//! - **Streams** are encoded as they come and flushed by age, by size, and at once at the end of a server-sent
//!   event or of a line of NDJSON.
//! - **Validators**: every whole body gets a strong tag of its own bytes: `"B"` for the plain body, `"B.gz5-1"` or
//!   `"B.br5-1"` (coding, level, revision of the encoder) for its encoded forms, where `B` is a hash of body and content type. A tag the
//!   handler sets is respected: `"v1"` becomes `"v1.gz5-1"` on encoded bytes that are settled, and weak on a stream.
//!   `If-None-Match` is answered with 304 before anything is encoded, and looks for the client's copy before a
//!   coding is chosen, so that a client that changed its codings keeps its 304. `If-Match` and
//!   `If-Unmodified-Since` of a read end in 412; handlers that change something ask [`Preconditions`] first.
//! - **Ranges** of bodies the layer holds, plain or encoded, under `If-Range`; never of streams.
//! - **Digests** (RFC 9530) of the plain body are dropped where other bytes are sent; feature `digest` adds true
//!   ones.
//! - **Encoded requests**: [`RequestDecodingLayer`] decodes bodies within limits on size, ratio and chain length.
//! - **Secrets**: a response marked [`SecretAndReflected`] is not compressed for other sites.
//! - **Long bodies** are encoded on tokio's threads for blocking work, so nobody waits behind them.
//! - **A cache of responses** (`ResponseCache`, feature `cache`): a shared cache by RFC 9111 that fails closed.
//! - **[`CacheControl`]**: typed directives that refuse contradictions, also for targeted fields (RFC 9213).
//! - **[`FieldsLayer`]** sends of JSON only the fields a request asks for ([`FieldMask`], [`FieldFilter`]).
//! - **[`JsonLines`], [`JsonArray`], [`Events`]**: bodies from a stream, with backpressure and a contract for errors.
//!
//! On the order of layers: put this one outside of everything that changes bodies or their headers, and remove
//! other compression and ETag layers; a response that is encoded already is left alone.
//!
//! [`ScopeLayer`] opens one [`forebay_scope::Scope`] per request.
//!
//! ```
//! use bytes::Bytes;
//! use forebay_response::ResponseLayer;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let service = ServiceBuilder::new().layer(ResponseLayer::builder().build()?).service(service_fn(
//!     async |_: Request<()>| {
//!         let body = Full::new(Bytes::from("[1,2,3]".repeat(1_000)));
//!         let response = Response::builder().header("content-type", "application/json").body(body);
//!         response.map_err(std::io::Error::other)
//!     },
//! ));
//! let request = Request::builder().header("accept-encoding", "gzip").body(())?;
//! let response = service.oneshot(request).await?;
//! # #[cfg(feature = "gzip")] {
//! assert_eq!(response.headers()["content-encoding"], "gzip");
//! assert_eq!(response.headers()["vary"], "accept-encoding");
//! # }
//! # Ok(()) }
//! ```
//!
//! On plain hyper it is the same layer around the service of a connection:
//!
//! ```no_run
//! use bytes::Bytes;
//! use forebay_response::ResponseLayer;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use hyper::body::Incoming;
//! use hyper_util::{rt::{TokioExecutor, TokioIo}, server::conn::auto, service::TowerToHyperService};
//! use tower::{ServiceBuilder, service_fn};
//!
//! async fn answer(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
//!     Ok(Response::new(Full::from("[]")))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layer = ResponseLayer::builder().build()?;
//! let service = ServiceBuilder::new().layer(layer).service(service_fn(answer));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! loop {
//!     let (stream, _) = listener.accept().await?;
//!     let service = TowerToHyperService::new(service.clone());
//!     tokio::spawn(async move {
//!         auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await
//!     });
//! }
//! # }
//! ```

#[cfg(feature = "cache")]
mod cache;
mod cache_control;
mod config;
#[cfg(feature = "digest")]
mod digest;
mod eligible;
mod encode;
mod error;
mod fields;
mod guarded;
mod hop_by_hop;
mod http_date;
mod metrics;
mod negotiate;
#[cfg(feature = "paging")]
mod paging;
#[cfg(feature = "cache")]
mod precompute;
mod prepared;
mod problem;
mod query_text;
mod range;
mod request_body;
mod scope_layer;
mod service;
mod streaming;
mod structured;
mod validate;
mod variants;

#[cfg(feature = "cache")]
pub use cache::{
    CacheFuture, CacheRules, CacheService, CachedLayer, Partition, QueryRule, ResponseCache,
    ResponseCacheBuilder, ResponseCacheConfig, ResponseKey, StoredResponse, SurrogateRule, SurrogateStyle,
    View,
};
pub use cache_control::{
    CacheControl, CacheControlBuilder, CacheControlError, CacheDirectives, CacheExtension, CacheTarget,
    DELTA_SECONDS_MAX, Qualified,
};
pub use config::ResponseConfig;
#[cfg(feature = "digest")]
pub use digest::Digests;
pub use eligible::{And, ContentTypes, Eligible};
pub use encode::{BrotliConfig, BudgetConfig, GzipConfig, HotConfig, LearnConfig, ZstdConfig};
pub use error::Error;
pub use fields::{
    BadMask, FieldFilter, FieldMask, Fields, FieldsConfig, FieldsFuture, FieldsLayer, FieldsService,
    FilteredBody, JsonFraming, Malformed, Selection,
};
pub use guarded::{SecretAndReflected, SecretAndReflectedFuture, SecretAndReflectedService};
pub use hop_by_hop::remove_hop_by_hop;
pub use metrics::METRICS;
pub use negotiate::{AcceptEncoding, Coding, merge_vary};
#[cfg(feature = "paging")]
pub use paging::{BadPage, CursorError, Cursors, Links, Page, PageConfig, PageRequest};
#[cfg(feature = "cache")]
pub use precompute::{Precompute, PrecomputeError, Precomputed};
pub use prepared::Prepared;
#[cfg(feature = "axum")]
pub use request_body::AxumBodies;
pub use request_body::{
    Carry, DecodeError, DecodedBodies, DecodedBody, RequestDecodingConfig, RequestDecodingFuture,
    RequestDecodingLayer, RequestDecodingService,
};
pub use scope_layer::{ScopeLayer, ScopeService};
pub use service::{
    BoxError, ResponseBody, ResponseFuture, ResponseLayer, ResponseLayerBuilder, ResponseMode,
    ResponseService,
};
pub use streaming::{
    Array, Event, EventLines, Events, Format, Items, ItemsMeter, JsonArray, JsonLines, Lines, Shape,
};
pub use validate::{Preconditions, Unmet, Validators};
