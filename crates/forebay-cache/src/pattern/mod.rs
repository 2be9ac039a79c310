//! Keys by what they look like.

mod glob;
mod index;
mod live;
mod text;

pub(crate) use live::Patterns;
pub use text::Pattern;
