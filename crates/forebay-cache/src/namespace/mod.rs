//! What caches share: their tags, their chain of invalidations, and what a node remembers of it.

mod keys;
mod ledger;
mod space;
mod tags;

pub(crate) use space::Member;
pub use space::{Namespace, Reached};
pub(crate) use tags::TagCell;
