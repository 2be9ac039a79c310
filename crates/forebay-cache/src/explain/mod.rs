//! Why an entry would be served, or not: plain data, and its form for people.

mod display;
mod explanation;
mod standing;

pub use explanation::{Answer, EntryFound, Explanation, Form, Held, TierHeld};
pub use standing::{Against, Check, Standing};
