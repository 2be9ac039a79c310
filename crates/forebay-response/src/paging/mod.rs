//! Lists in pages: keyset cursors, sizes, links.

mod config;
mod cursors;
mod error;
mod links;
mod page;
mod request;

pub use config::PageConfig;
pub use cursors::Cursors;
pub use error::{BadPage, CursorError};
pub use links::Links;
pub use page::Page;
pub use request::PageRequest;
