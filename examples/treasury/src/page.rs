//! What can be asked for, and how an answer is put together from its parts.

mod build;
mod cursor;
mod key;

pub(crate) use build::{Page, build};
pub(crate) use cursor::Cursor;
pub(crate) use key::PageKey;
