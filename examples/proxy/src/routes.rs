use crate::{arguments::Arguments, forward::Forward};
use axum::Router;
use forebay_response::{Error, ResponseCache, ResponseLayer};
use std::time::Duration;

/// Everything is asked of the cache, and of the origin where it must.
///
/// # Errors
/// Settings that make no sense.
pub fn routes(arguments: &Arguments) -> Result<Router, Error> {
    let timeout = Duration::from_secs(arguments.timeout);
    let cache = ResponseCache::builder("proxy")
        .rules(arguments.cache_rules())
        .bytes_max(arguments.memory << 20)
        // The origin's own 504 comes first.
        .cache(|cache| cache.load_max(timeout + Duration::from_secs(10)))
        .build()?;
    let mut layer = ResponseLayer::builder();
    if arguments.plain {
        layer = layer.codings([]).etag(false).variant_bytes_max(0);
    }
    let forward = Forward::new(arguments.origin.clone(), timeout);
    let routes = Router::new().fallback(move |request| forward.clone().send(request));
    Ok(routes.layer(layer.build()?.cached(&cache)))
}
