//! The cache: what users hold, and the paths a call takes through it.

mod builder;
mod decide;
mod explain;
mod handle;
mod inner;
mod invalidate;
mod load;
mod loading;
mod lookup;
mod observe;
mod places;
mod refresh;
mod remote;
mod sweep;

pub use builder::CacheBuilder;
pub(crate) use explain::breaker_state;
pub use handle::Cache;
pub use invalidate::Invalidator;
pub use lookup::{Lookup, NoTags, TagSource, TagsBy, TagsFrom};
