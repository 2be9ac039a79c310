//! The sessions of one kind on one server: an idle list, a queue, and direct hand-off between them.

mod access;
mod admission;
mod caller;
mod control;
mod growth;
mod limits;
mod loans;
mod nested;
mod overload;
mod queue;
mod retiring;
mod sessions;
mod terms;
mod upkeep;

pub(crate) use access::{Access, Patience};
pub(crate) use caller::Caller;
pub use caller::Priority;
pub(crate) use growth::Work;
pub(crate) use limits::Limits;
pub(crate) use loans::{LoanId, Overdue};
pub(crate) use nested::NestedPlaces;
pub(crate) use sessions::Lane;
pub(crate) use terms::{LaneTerms, Terms};
