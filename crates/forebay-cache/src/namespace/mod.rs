//! What caches share: their tags, their chain of invalidations, and what a node remembers of it.

mod apply;
mod backplane;
mod bound;
mod builder;
mod chain;
mod clears;
mod counts;
mod events;
mod evidence;
mod follow;
mod invalidator;
mod issue;
mod keys;
mod ledger;
mod member;
mod metrics;
mod outbox;
mod space;
mod start;
mod status;
mod tags;
mod tombstones;
mod trust;

pub use builder::NamespaceBuilder;
#[cfg(any(feature = "redis", feature = "test-util"))]
pub(crate) use chain::goes_on_from;
pub(crate) use counts::Counts;
pub use events::Events;
pub(crate) use events::News;
pub use invalidator::NamespaceInvalidator;
pub use issue::Reached;
pub(crate) use member::Member;
pub(crate) use metrics::METRICS;
pub use space::Namespace;
pub(crate) use start::Start;
pub(crate) use tags::TagCell;
pub(crate) use trust::Claim;
