//! Why an entry would be served, or not: plain data, and its form for people.

mod display;
mod explanation;
#[cfg(feature = "redis")]
mod key_text;
mod standing;

pub use explanation::{Answer, EntryFound, Explanation, Form, Held, TierHeld};
#[cfg(feature = "redis")]
pub(crate) use key_text::key_text;
pub use standing::{Against, Check, Standing};
