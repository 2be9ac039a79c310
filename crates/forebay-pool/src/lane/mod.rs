//! The sessions of one kind on one server: an idle list, a queue, and direct hand-off between them.

mod access;
mod caller;
mod growth;
mod limits;
mod loans;
mod nested;
mod queue;
mod sessions;
mod upkeep;

pub(crate) use access::{Access, Patience};
pub(crate) use caller::Caller;
pub use caller::Priority;
pub(crate) use growth::Work;
pub(crate) use limits::Limits;
pub(crate) use loans::{LoanId, Overdue};
pub(crate) use nested::NestedPlaces;
pub(crate) use sessions::Lane;
