//! Why a session could not be opened, and what helps.

use crate::connect::ConnectFailure;
use std::{error::Error, fmt, io, time::Duration};
use tokio_postgres::error::SqlState;

/// Why a session could not be opened: the step that failed, and so what to do. Its text says both.
///
/// [`crate::PoolError::connect_reason`] has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectReason {
    /// The host's name has no address.
    Unresolved,
    /// Nobody listens at the address, or the network does not lead there.
    Unreachable,
    /// The server took longer than `connect_timeout`.
    NoAnswer,
    /// The server offers no TLS, and TLS is asked for.
    TlsNotOffered,
    /// This build, or this connector, has no TLS, and TLS is asked for.
    TlsNotBuilt,
    /// A file with certificates or a key cannot be used.
    TlsFiles,
    /// No authority that is trusted vouches for the server's certificate.
    UnknownAuthority,
    /// The server's certificate is for another host.
    WrongHost,
    /// The server's certificate cannot be accepted for another reason: expired, revoked, malformed.
    BadCertificate,
    /// The handshake failed otherwise: no common version, or the server wants another certificate of the client.
    TlsHandshake,
    /// The server refused the user, the password, or the address they come from (SQLSTATE class 28).
    Login,
    /// The login needs what is not there: a password, a channel binding, a method this driver knows.
    LoginMethod,
    /// The [`Credentials`](crate::Credentials) gave none.
    NoCredentials,
    /// The server has no such database (3D000), or the user may not connect to it (42501).
    Database,
    /// The server has no connection left (53300).
    TooManyConnections,
    /// The server is starting up, shutting down or recovering (57P03, 57P01).
    NotReady,
    /// The server is older than this crate supports.
    OldServer {
        /// Its major version.
        major: u32,
    },
    /// Something else; the message is the failure's own.
    Other,
}

/// The oldest major version of PostgreSQL that sessions are opened on: the first whose servers say by themselves
/// whether they are standbys.
pub(crate) const OLDEST_SERVER: u32 = 14;

impl ConnectReason {
    /// Whether the next attempt may well succeed without anything being changed.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Unresolved
                | Self::Unreachable
                | Self::NoAnswer
                | Self::NoCredentials
                | Self::TooManyConnections
                | Self::NotReady
                | Self::Other
        )
    }

    /// The word for it in metrics and the status.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Unreachable => "unreachable",
            Self::NoAnswer => "no_answer",
            Self::TlsNotOffered => "tls_not_offered",
            Self::TlsNotBuilt => "tls_not_built",
            Self::TlsFiles => "tls_files",
            Self::UnknownAuthority => "unknown_authority",
            Self::WrongHost => "wrong_host",
            Self::BadCertificate => "bad_certificate",
            Self::TlsHandshake => "tls_handshake",
            Self::Login => "login",
            Self::LoginMethod => "login_method",
            Self::NoCredentials => "no_credentials",
            Self::Database => "database",
            Self::TooManyConnections => "too_many_connections",
            Self::NotReady => "not_ready",
            Self::OldServer { .. } => "old_server",
            Self::Other => "other",
        }
    }

    /// What a failure means, as far as it says so.
    fn of(failure: &ConnectFailure) -> Self {
        let mut next: Option<&(dyn Error + 'static)> = Some(&**failure);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<tokio_postgres::Error>() {
                if let Some(code) = error.code() {
                    return Self::of_state(code);
                }
                // The driver names these with words only.
                let said = error.to_string();
                if said.starts_with("authentication error") || error.source().is_some_and(is_missing_password)
                {
                    return Self::LoginMethod;
                }
            }
            #[cfg(feature = "rustls")]
            if let Some(reason) = crate::rustls023::reason_of(error) {
                return reason;
            }
            next = error.source();
        }
        Self::Other
    }

    fn of_state(code: &SqlState) -> Self {
        match code {
            &SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Self::Login,
            &SqlState::INVALID_CATALOG_NAME | &SqlState::INSUFFICIENT_PRIVILEGE => Self::Database,
            &SqlState::TOO_MANY_CONNECTIONS => Self::TooManyConnections,
            &SqlState::CANNOT_CONNECT_NOW | &SqlState::ADMIN_SHUTDOWN => Self::NotReady,
            _ => Self::Other,
        }
    }
}

fn is_missing_password(error: &(dyn Error + 'static)) -> bool {
    error.to_string() == "password missing"
}

impl fmt::Display for ConnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unresolved => "resolving the name: the host has no address; check its spelling and the resolver",
            Self::Unreachable => "opening the socket: nobody listens there; check host, port and firewall",
            Self::NoAnswer => "connecting: no answer in time; check the network, or raise `connect_timeout`",
            Self::TlsNotOffered => {
                "asking for TLS: the server offers none; set `ssl = on` there, or sslmode=prefer or disable here"
            }
            Self::TlsNotBuilt => {
                "asking for TLS: this build has none; enable the feature `rustls`, or set sslmode=disable"
            }
            Self::TlsFiles => "reading the files of TLS: check `sslrootcert`, `sslcert` and `sslkey`",
            Self::UnknownAuthority => {
                "checking the server's certificate: no authority that is trusted vouches for it; name its \
                 authority's certificate in `sslrootcert`"
            }
            Self::WrongHost => {
                "checking the server's certificate: it is for another host; connect by a name the certificate \
                 has, or have one made with this name among its subject alternative names"
            }
            Self::BadCertificate => "checking the server's certificate: it cannot be accepted; renew it",
            Self::TlsHandshake => {
                "the TLS handshake: it failed; compare `ssl_min_protocol_version`, `sslcert` and `sslnegotiation` \
                 with what the server asks for"
            }
            Self::Login => {
                "logging in: the server refused; check user and password (or `Credentials`), and pg_hba.conf for \
                 this user, database and address"
            }
            Self::LoginMethod => {
                "logging in: the server asks for what the connection string does not give; add a password, or \
                 compare `channel_binding` and pg_hba.conf's method"
            }
            Self::NoCredentials => "asking `Credentials` for user and password: it gave none",
            Self::Database => {
                "opening the database: it is not there, or the user may not connect; check the name and GRANT CONNECT"
            }
            Self::TooManyConnections => {
                "logging in: the server has no connection left; count the sessions of every process (each pool: \
                 writes, reads, and one probe per server) against `max_connections`"
            }
            Self::NotReady => "logging in: the server is starting up, shutting down or recovering; wait for it",
            Self::OldServer { major } => {
                return write!(
                    f,
                    "looking at the server: it is PostgreSQL {major}, and {OLDEST_SERVER} or newer is supported; \
                     upgrade it"
                );
            }
            Self::Other => "connecting: it failed",
        })
    }
}

/// A failure whose reason is known.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: ConnectReason,
    source: Option<ConnectFailure>,
}

impl Refusal {
    pub(crate) const fn bare(reason: ConnectReason) -> Self {
        Self { reason, source: None }
    }

    pub(crate) fn new(reason: ConnectReason, source: impl Into<ConnectFailure>) -> Self {
        Self { reason, source: Some(source.into()) }
    }

    /// Looks at what a connector or the driver said.
    pub(crate) fn of(failure: ConnectFailure) -> Self {
        match failure.downcast::<Self>() {
            Ok(known) => *known,
            Err(failure) => Self { reason: ConnectReason::of(&failure), source: Some(failure) },
        }
    }

    /// What the reason was found in.
    pub(crate) fn cause(&self) -> Option<&ConnectFailure> {
        self.source.as_ref()
    }

    pub(crate) fn no_answer(within: Duration) -> Self {
        Self::new(ConnectReason::NoAnswer, format!("no answer within {within:?}"))
    }

    /// What the socket said.
    pub(crate) fn socket(error: io::Error) -> Self {
        Self::new(ConnectReason::Unreachable, error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.reason, &self.source) {
            (ConnectReason::Other, Some(source)) => source.fmt(f),
            (reason, _) => reason.fmt(f),
        }
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match (self.reason, &self.source) {
            (ConnectReason::Other, Some(source)) => source.source(),
            (_, Some(source)) => Some(&**source),
            (_, None) => None,
        }
    }
}
