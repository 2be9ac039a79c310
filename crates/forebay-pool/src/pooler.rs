//! Whether a transaction pooler stands in front of a server, and what that means for its sessions.

use crate::{connect::ConnectFailure, refusal::Refusal, target::Target};
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio_postgres::{config::Host, error::SqlState};

/// What stands between this pool and its servers.
///
/// A transaction pooler (PgBouncer with `pool_mode = transaction`, RDS Proxy, PgDog) gives each transaction some session
/// of the server. Nothing may then be left in a session: statements are sent without a name, reads run in a
/// `READ ONLY` transaction each, and what would leak to strangers is [refused](crate::PoolError::BehindPooler).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Pooler {
    /// Nothing, or a pooler that gives each connection a session of its own.
    Direct,
    /// A transaction pooler.
    Transaction,
    /// Found out at each connect, without a round trip of its own: a server names the process that serves the session
    /// (`BackendKeyData`), and a pooler has to name something of its own there. A pooler in session mode counts as
    /// one in transaction mode, which costs a little and breaks nothing; say `direct` for it.
    #[default]
    Auto,
}

/// What a pool's own start options ask of a session. A pooler takes none, so there each transaction is asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Demands {
    pub(crate) read_only: bool,
    pub(crate) statement_timeout_ms: Option<u64>,
}

impl Demands {
    /// Puts what the pool asks of a session among its start options.
    pub(crate) fn as_options(target: &Target) -> Target {
        let mut target = target.clone();
        let mut options = target.get_options().unwrap_or_default().to_owned();
        if target.demands.read_only {
            options.push_str(" -c default_transaction_read_only=on");
        }
        if let Some(timeout) = target.demands.statement_timeout_ms {
            options.push_str(&format!(" -c statement_timeout={timeout}"));
        }
        if !options.is_empty() {
            target.config.options(options.trim_start());
        }
        target
    }
}

/// Servers that turned out to be behind a pooler, so that the next connect asks nothing it refuses. At most as many as
/// the pool has addresses.
#[derive(Debug, Default)]
pub(crate) struct Behind(Mutex<Vec<Address>>);

type Address = (Vec<Host>, Vec<u16>);

impl Behind {
    pub(crate) fn knows(&self, target: &Target) -> bool {
        self.known().contains(&address(target))
    }

    pub(crate) fn set(&self, target: &Target, behind: bool) {
        let address = address(target);
        let mut known = self.known();
        known.retain(|other| *other != address);
        if behind {
            known.push(address);
        }
    }

    fn known(&self) -> MutexGuard<'_, Vec<Address>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn address(target: &Target) -> Address {
    (target.get_hosts().to_vec(), target.get_ports().to_vec())
}

/// Whether a connect failed as PgBouncer fails one with start options: `unsupported startup parameter: options`.
pub(crate) fn refuses_options(failure: &ConnectFailure) -> bool {
    let failure = failure.downcast_ref::<Refusal>().and_then(Refusal::cause).unwrap_or(failure);
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&**failure);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<tokio_postgres::Error>() {
            return error.code() == Some(&SqlState::PROTOCOL_VIOLATION);
        }
        next = error.source();
    }
    false
}
