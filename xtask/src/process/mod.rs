//! Running commands that end when we end.

mod foreground;
mod group;

pub(crate) use foreground::in_the_foreground;
pub(crate) use group::{Group, exit_code};
