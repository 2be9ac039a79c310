//! Child processes: how they are started, watched, signalled and recorded.

mod child;
mod launcher;
mod line_server;
mod server;
mod table;

pub(crate) use child::Launched;
pub(crate) use launcher::Command;
pub(crate) use line_server::Greeting;
pub use line_server::LineServer;
pub(crate) use server::{Server, ServerSpec};
pub(crate) use table::{Identity, descendants};
