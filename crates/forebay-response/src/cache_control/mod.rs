//! What caches may do with a response: `Cache-Control` and its targeted relatives, typed and checked.

mod builder;
mod check;
mod directives;
mod error;
mod members;
mod read;
#[cfg(feature = "cache")]
mod request;
mod target;
mod value;
mod write;

pub use builder::CacheControlBuilder;
pub use directives::{CacheDirectives, CacheExtension, DELTA_SECONDS_MAX, Qualified};
pub use error::CacheControlError;
pub(crate) use members::has_directive;
#[cfg(feature = "cache")]
pub(crate) use read::seconds;
#[cfg(feature = "cache")]
pub(crate) use request::RequestDirectives;
pub use target::CacheTarget;
pub use value::CacheControl;
