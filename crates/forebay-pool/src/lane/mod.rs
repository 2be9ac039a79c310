//! The sessions of one kind on one server: an idle list, a queue, and direct hand-off between them.

mod access;
mod growth;
mod sessions;

pub(crate) use access::{Access, Patience};
pub(crate) use growth::Work;
pub(crate) use sessions::Lane;
