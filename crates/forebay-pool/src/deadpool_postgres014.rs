//! For people who have deadpool-postgres 0.14 already: its configuration, and its `GenericClient`.
//!
//! `GenericClient` is sealed, so a guard cannot implement it; deadpool-postgres's own `Transaction` does, and
//! [`transaction`] opens one on a guard. Whatever is done through these types bypasses routing and observers,
//! but not the watch on the wire: the session is drained before anybody else gets it.

use crate::{config::PoolConfig, error::PoolError, reader::Reader, writer::Writer};
use deadpool_postgres::{ClientWrapper, Config, Transaction};
use forebay_scope::{Reach, Scope};
use std::fmt::Write as _;
use tokio_postgres::config::{ChannelBinding, Host, SslMode, SslNegotiation};

/// Takes over a deadpool-postgres configuration: connection, what it asks of TLS, keepalives, application name,
/// pool size and timeouts: `wait` is `acquire_timeout`, `recycle` is `cleanup_timeout`, and `create` is `connect_timeout`,
/// unless the connection's own is shorter.
///
/// Recycling methods have no counterpart: sessions are always clean. Nor has the queue mode: the session that came back last is
/// lent first.
///
/// # Errors
/// [`PoolError::Config`] when it is incomplete or names several hosts.
pub fn from_config(config: &Config) -> Result<PoolConfig, PoolError> {
    let mut parsed =
        config.get_pg_config().map_err(|error| PoolError::config("primary", error.to_string()))?;
    // deadpool-postgres 0.14 reads this field and leaves it out of what it connects with.
    if let Some(binding) = config.channel_binding {
        parsed.channel_binding(binding.into());
    }
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
    for (key, value) in security_and_keepalives(&parsed)? {
        set(key, &value);
    }
    let mut ours = PoolConfig::from_url(&text)?;
    if let Some(pool) = config.pool {
        ours.write_sessions_max = pool.max_size;
        ours.primary_read_sessions_max = pool.max_size;
        ours.replica_sessions_max = pool.max_size;
        ours.acquire_timeout = pool.timeouts.wait.unwrap_or(ours.acquire_timeout);
        ours.cleanup_timeout = pool.timeouts.recycle.unwrap_or(ours.cleanup_timeout);
    }
    let create = config.pool.and_then(|pool| pool.timeouts.create);
    let connect = create.into_iter().chain(parsed.get_connect_timeout().copied()).min();
    ours.connect_timeout = connect.unwrap_or(ours.connect_timeout);
    Ok(ours)
}

/// What is not shown by the names of server and user. Leaving one out would connect with less than was asked for,
/// so a value this crate does not know is refused.
fn security_and_keepalives(
    config: &tokio_postgres::Config,
) -> Result<Vec<(&'static str, String)>, PoolError> {
    let unknown = |key: &str| PoolError::config("primary", format!("has a {key} that is not known here"));
    let mode = match config.get_ssl_mode() {
        SslMode::Disable => "disable",
        SslMode::Prefer => "prefer",
        SslMode::Require => "require",
        _ => return Err(unknown("ssl_mode")),
    };
    let negotiation = match config.get_ssl_negotiation() {
        SslNegotiation::Postgres => "postgres",
        SslNegotiation::Direct => "direct",
        _ => return Err(unknown("ssl_negotiation")),
    };
    let binding = match config.get_channel_binding() {
        ChannelBinding::Disable => "disable",
        ChannelBinding::Prefer => "prefer",
        ChannelBinding::Require => "require",
        _ => return Err(unknown("channel_binding")),
    };
    let mut set = vec![
        ("sslmode", mode.to_owned()),
        ("sslnegotiation", negotiation.to_owned()),
        ("channel_binding", binding.to_owned()),
        ("keepalives", u8::from(config.get_keepalives()).to_string()),
        ("keepalives_idle", config.get_keepalives_idle().as_secs().to_string()),
    ];
    if let Some(interval) = config.get_keepalives_interval() {
        set.push(("keepalives_interval", interval.as_secs().to_string()));
    }
    if let Some(retries) = config.get_keepalives_retries() {
        set.push(("keepalives_retries", retries.to_string()));
    }
    if let Some(timeout) = config.get_tcp_user_timeout() {
        set.push(("tcp_user_timeout", timeout.as_secs().to_string()));
    }
    Ok(set)
}

/// A deadpool-postgres transaction on a guard, which implements its `GenericClient`.
///
/// # Errors
/// What the server says to `BEGIN`.
pub async fn transaction(writer: &mut Writer) -> Result<Transaction<'_>, tokio_postgres::Error> {
    bypassed(writer.system());
    writer.lease_mut().session_mut().client_mut().transaction().await
}

/// The same, read-only, wherever the guard is.
///
/// # Errors
/// What the server says to `BEGIN`.
pub async fn read_transaction(reader: &mut Reader) -> Result<Transaction<'_>, tokio_postgres::Error> {
    bypassed(reader.system());
    reader.lease_mut().session_mut().client_mut().build_transaction().read_only(true).start().await
}

/// The driver's client below a writing guard.
#[must_use]
pub fn client(writer: &Writer) -> &ClientWrapper {
    bypassed(writer.system());
    writer.lease().client()
}

/// The driver's client below a reading guard.
#[must_use]
pub fn read_client(reader: &Reader) -> &ClientWrapper {
    bypassed(reader.system());
    reader.lease().client()
}

/// What is read below a guard, nobody sees: not when, and not in which transaction.
fn bypassed(system: u64) {
    Scope::with_current(|scope| scope.reached(system, Reach::Unknown));
}
