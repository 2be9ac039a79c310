//! Advice from a server.

mod advisor;
mod catalogue;
mod compose;
mod hypopg;
mod probes;
mod rows;
mod session;
mod statements;

pub use advisor::{advise, advise_with};
