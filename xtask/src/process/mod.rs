//! Running commands that end when we end.

mod group;

pub(crate) use group::{Group, exit_code};
