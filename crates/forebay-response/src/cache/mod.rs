//! The response cache: a shared cache by RFC 9111, on a cache of this workspace.
//!
//! A request is [admitted](asked) or passes; what is in memory is [served or filled](decide); a [fill](fetch) asks the
//! handler with [a view](view) of the request, and what comes is [kept](keep) if it is [storable].

mod asked;
mod composed;
mod config;
mod decide;
mod extensions;
mod fetch;
mod fills;
mod heads;
mod keep;
mod key;
mod layer;
mod lifetime;
mod query;
mod response_cache;
mod rules;
mod secondary;
mod serve;
mod shared;
mod status;
mod storable;
mod stored;
mod surrogate;
mod tags;
mod target;
mod view;
mod watch;
mod wire;

pub use composed::CachedLayer;
pub use config::ResponseCacheConfig;
pub use key::ResponseKey;
pub use layer::{CacheFuture, CacheService};
pub use response_cache::{ResponseCache, ResponseCacheBuilder};
pub use rules::{CacheRules, QueryRule, View};
pub use shared::Partition;
pub use stored::StoredResponse;
pub use surrogate::{SurrogateRule, SurrogateStyle};
