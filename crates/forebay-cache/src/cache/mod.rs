//! The cache: what users hold, and the paths a call takes through it.

mod batch;
mod builder;
mod bulkhead;
mod compute;
mod decide;
mod explain;
mod failing;
mod failures;
mod find_many;
mod forced;
mod handle;
mod inner;
mod invalidate;
mod load;
mod load_many;
mod loading;
mod loads;
mod lookup;
mod observe;
mod per_key;
mod places;
mod refresh;
mod remote;
mod sweep;
mod timeouts;
mod timer;
mod touch;

pub use batch::Batch;
pub use builder::CacheBuilder;
pub(crate) use explain::breaker_state;
pub use handle::Cache;
pub use invalidate::Invalidator;
pub use load_many::Many;
pub use lookup::{Lookup, NoTags, TagSource, TagsBy, TagsFrom};
pub use timer::KeptFresh;
