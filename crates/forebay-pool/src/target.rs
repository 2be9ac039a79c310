//! Where and how to connect: what one connection string says.

use crate::{
    error::PoolError,
    options::{self, Rest},
    pooler::Demands,
    tls_settings::TlsSettings,
};
use std::{ops::Deref, str::FromStr};
use tokio_postgres::{
    Config,
    config::{Host, SslMode, SslNegotiation},
};

pub(crate) const DEFAULT_PORT: u16 = 5432;

/// One server as a connection string names it: the driver's configuration, and what that has no words for.
///
/// It derefs to the driver's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// Host, port, user, database and options.
    pub config: Config,
    /// How the connection is encrypted, and whom it trusts.
    pub tls: TlsSettings,
    /// What the pool asks of the session at its start, on top of the options above.
    pub(crate) demands: Demands,
}

impl Target {
    /// Reads `postgres://…` or `key=value` pairs, for a connection of one's own ([`open`](Self::open)).
    ///
    /// # Errors
    /// [`PoolError::Config`] when the text is not a connection string with one host.
    pub fn from_url(url: &str) -> Result<Self, PoolError> {
        Self::parse("url", url)
    }

    /// Reads the connection string that stands under `key` and checks what this pool needs of it.
    pub(crate) fn parse(key: &'static str, text: &str) -> Result<Self, PoolError> {
        let wrong = |reason: String| PoolError::config(key, reason);
        let Rest { text, ours } = options::split(text);
        let tls = TlsSettings::read(&ours).map_err(wrong)?;
        let mut config: Config = text
            .parse()
            .map_err(|error| wrong(format!("is not a connection string: {}", why(&text, &error))))?;
        config.ssl_mode(tls.driver_mode());
        if config.get_ssl_negotiation() == SslNegotiation::Direct && config.get_ssl_mode() != SslMode::Require
        {
            return Err(wrong(
                "has sslnegotiation=direct, which needs sslmode=require or stricter".to_owned(),
            ));
        }
        match config.get_hosts().len().max(config.get_hostaddrs().len()) {
            1 => Ok(Self { config, tls, demands: Demands::default() }),
            0 => Err(wrong("names no host".to_owned())),
            _ => Err(wrong("names several hosts: give one, and list standbys under replicas".to_owned())),
        }
    }

    /// Says who it is, unless the connection string does.
    pub(crate) fn named(mut self, application: &str) -> Self {
        if self.get_application_name().is_none() {
            self.config.application_name(application);
        }
        self
    }

    /// `host:port`, for messages, metrics and status.
    pub(crate) fn endpoint(&self) -> String {
        let port = self.config.get_ports().first().copied().unwrap_or(DEFAULT_PORT);
        match (self.config.get_hosts().first(), self.config.get_hostaddrs().first()) {
            (Some(Host::Tcp(host)), _) => format!("{host}:{port}"),
            (Some(Host::Unix(path)), _) => format!("{}:{port}", path.display()),
            (None, Some(ip)) => format!("{ip}:{port}"),
            (None, None) => format!(":{port}"),
        }
    }

    /// The name a certificate must have, and whether the server is reached by the network at all.
    #[cfg_attr(not(feature = "rustls"), expect(dead_code, reason = "names are compared by TLS only"))]
    pub(crate) fn server_name(&self) -> Option<String> {
        match (self.config.get_hosts().first(), self.config.get_hostaddrs().first()) {
            (Some(Host::Tcp(host)), _) => Some(host.clone()),
            (Some(Host::Unix(_)), _) => None,
            (None, address) => address.map(ToString::to_string),
        }
    }
}

impl Deref for Target {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.config
    }
}

impl FromStr for Target {
    type Err = PoolError;

    /// Reads a connection string, as a URL or as `key=value` pairs.
    ///
    /// # Errors
    /// [`PoolError::Config`] for a text that is none, or has not exactly one host.
    fn from_str(text: &str) -> Result<Self, PoolError> {
        Self::parse("connection string", text)
    }
}

/// Why a text is not a connection string, without a part of it: whatever is in the wrong place may be a password.
fn why(text: &str, error: &tokio_postgres::Error) -> String {
    if text.contains("://") && !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return "a URL begins with postgres://".to_owned();
    }
    let reason = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    // The driver names options whose value is wrong, which are its own words, and quotes what it did not expect.
    match reason.split_once('`') {
        Some(("unknown option ", name)) => match options::nearest(name.trim_end_matches('`')) {
            Some(known) => format!("it has an unknown option: is `{known}` meant?"),
            None => format!("it has an unknown option (known are {})", options::KNOWN.join(", ")),
        },
        Some((said, _)) if !reason.starts_with("invalid value") => {
            said.trim_end().trim_end_matches(':').to_owned()
        }
        _ => reason,
    }
}
