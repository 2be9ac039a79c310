//! Advice from a server.

mod advisor;
mod catalogue;
mod compose;
mod hypopg;
mod look;
mod probes;
mod rows;
mod scans;
mod session;
mod statements;

pub use advisor::{advise, advise_with};
pub use scans::index_scans;
pub(crate) use session::TextValue;
