//! Plans as text.

mod amounts;
mod header;
mod label;
mod listing;
mod outline;
mod property;
mod statement;
mod target;

pub(super) use outline::{is_start, read};
