//! Keys by what they look like.

mod glob;
mod text;

pub use text::Pattern;
