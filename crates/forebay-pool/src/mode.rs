//! Whether sessions outlive their use.

use serde::{Deserialize, Serialize};

/// Whether sessions outlive their use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They are kept for the next caller, and each server is looked at every `probe_interval` over one of its own.
    #[default]
    Kept,
    /// For processes that are frozen or thrown away between requests: a session is opened when it is asked for, and closed
    /// when its guard comes back, unless another caller waits for one. None is kept open ahead of need, whatever the minima
    /// say.
    ///
    /// Servers are looked at only while the pool is used, at most once per `probe_interval`, each time over a connection
    /// that is closed again; without replicas only when something is amiss. A look at the primary that is older than a read
    /// may be behind (`lag_max`) tells nothing about lag: such a read goes to the primary, whose new session is a look.
    PerUse,
}
