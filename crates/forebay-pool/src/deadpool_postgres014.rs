//! For people who have deadpool-postgres 0.14 already: its configuration, and its `GenericClient`.
//!
//! `GenericClient` is sealed, so a guard cannot implement it; deadpool-postgres's own `Transaction` does, and
//! [`transaction`] opens one on a guard. Whatever is done through these types bypasses routing and observers,
//! but not the watch on the wire: the session is drained before anybody else gets it.

use crate::{config::PoolConfig, error::PoolError, reader::Reader, writer::Writer};
use deadpool_postgres::{ClientWrapper, Config, Transaction};
use std::fmt::Write as _;
use tokio_postgres::config::Host;

/// Takes over a deadpool-postgres configuration: connection, application name, pool size and wait timeout.
///
/// Recycling methods have no counterpart: sessions are always clean.
///
/// # Errors
/// [`PoolError::Config`] when it is incomplete or names several hosts.
pub fn from_config(config: &Config) -> Result<PoolConfig, PoolError> {
    let parsed = config.get_pg_config().map_err(|error| PoolError::config("primary", error.to_string()))?;
    if !(config.host.is_some() || config.hosts.is_some() || config.hostaddr.is_some() || config.url.is_some())
    {
        return Err(PoolError::config("primary", "names no host"));
    }
    let mut text = String::new();
    let mut set = |key: &str, value: &str| {
        let quoted = value.replace('\\', "\\\\").replace('\'', "\\'");
        let written = write!(text, "{key}='{quoted}' ");
        debug_assert!(written.is_ok(), "writing to a String does not fail");
    };
    for (key, value) in [
        ("user", parsed.get_user()),
        ("dbname", parsed.get_dbname()),
        ("options", parsed.get_options()),
        ("application_name", parsed.get_application_name()),
    ] {
        if let Some(value) = value {
            set(key, value);
        }
    }
    if let Some(password) = parsed.get_password() {
        set("password", &String::from_utf8_lossy(password));
    }
    for host in parsed.get_hosts() {
        match host {
            Host::Tcp(host) => set("host", host),
            Host::Unix(path) => set("host", &path.to_string_lossy()),
        }
    }
    if let [address] = parsed.get_hostaddrs() {
        set("hostaddr", &address.to_string());
    }
    if let [port] = parsed.get_ports() {
        set("port", &port.to_string());
    }
    let mut ours = PoolConfig::from_url(&text)?;
    if let Some(pool) = config.pool {
        ours.write_sessions_max = pool.max_size;
        ours.primary_read_sessions_max = pool.max_size;
        ours.replica_sessions_max = pool.max_size;
        ours.acquire_timeout = pool.timeouts.wait.unwrap_or(ours.acquire_timeout);
    }
    ours.connect_timeout = config.connect_timeout.unwrap_or(ours.connect_timeout);
    Ok(ours)
}

/// A deadpool-postgres transaction on a guard, which implements its `GenericClient`.
///
/// # Errors
/// What the server says to `BEGIN`.
pub async fn transaction(writer: &mut Writer) -> Result<Transaction<'_>, tokio_postgres::Error> {
    writer.lease_mut().session_mut().client_mut().transaction().await
}

/// The same, read-only, wherever the guard is.
///
/// # Errors
/// What the server says to `BEGIN`.
pub async fn read_transaction(reader: &mut Reader) -> Result<Transaction<'_>, tokio_postgres::Error> {
    reader.lease_mut().session_mut().client_mut().transaction().await
}

/// The driver's client below a writing guard.
#[must_use]
pub fn client(writer: &Writer) -> &ClientWrapper {
    writer.lease().client()
}

/// The driver's client below a reading guard.
#[must_use]
pub fn read_client(reader: &Reader) -> &ClientWrapper {
    reader.lease().client()
}
