//! JSON as PostgreSQL writes it, with nothing lost: keys in their order, repeated ones as well, numbers as they are spelled.

mod object;
mod parse;
mod strings;
mod value;
mod write;

pub use object::Object;
pub(crate) use parse::{Fault, parse};
pub use value::Value;
