//! What PostgreSQL 14 to 18 bring along: functions by what they do, operators, views that differ from server to server.

mod functions;
mod operators;
mod relations;

pub use functions::{Function, builtin_function, builtin_function_in};
pub(crate) use functions::{find as function, find_in};
pub(crate) use operators::is_builtin as is_builtin_operator;
pub(crate) use relations::{Tied, tied};
