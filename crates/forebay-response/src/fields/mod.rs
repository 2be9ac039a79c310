//! Sending of JSON only the fields that were asked for: masks, a filter without a tree in memory, a layer, an extractor.

mod body;
mod config;
mod draft;
mod error;
mod extract;
mod filter;
mod future;
mod heads;
mod layer;
mod lex;
mod mask;
mod opaque;
mod quick;
mod resource;
mod selection;
mod state;
mod tree;
mod utf8;
mod watch;

pub use body::FilteredBody;
pub use config::FieldsConfig;
pub use error::{BadMask, Malformed};
pub use extract::Fields;
pub use filter::{FieldFilter, JsonFraming};
pub use future::FieldsFuture;
pub use layer::{FieldsLayer, FieldsService};
pub use mask::FieldMask;
#[cfg(feature = "cache")]
pub(crate) use mask::is_mask;
pub use selection::Selection;
pub(crate) use watch::{Choice, FieldsWatch};
