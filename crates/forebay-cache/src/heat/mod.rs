//! Which keys are hot, told from marks that hits leave anyway; and where they are kept between two runs.

mod marks;
mod saved;
mod store;

pub(crate) use marks::Marks;
pub(crate) use saved::Saver;
pub use store::{KeyFile, KeyStore};
