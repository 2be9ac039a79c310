//! What a URL says of the server, in fred's words.

use super::config::RedisConfig;
use fred::{
    error::{Error, ErrorKind},
    types::config::{Config, ServerConfig},
};

/// How the servers behind a URL are arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrangement {
    Single,
    Sentinel,
    Cluster,
}

const FORMS: &str = "not a Redis URL: expected redis://[user:password@]host[:port][/database], or redis-sentinel:// or \
                     redis-cluster://; with TLS rediss://, rediss-sentinel:// or rediss-cluster://";

impl RedisConfig {
    /// The server of `url`, with the settings that are the same for each.
    pub(super) fn server_at(&self, url: &str) -> Result<Config, Error> {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        let (arrangement, tls) = match scheme {
            "redis" => (Arrangement::Single, false),
            "rediss" => (Arrangement::Single, true),
            "redis-sentinel" => (Arrangement::Sentinel, false),
            "rediss-sentinel" => (Arrangement::Sentinel, true),
            "redis-cluster" => (Arrangement::Cluster, false),
            "rediss-cluster" => (Arrangement::Cluster, true),
            _ => return Err(refused(FORMS)),
        };
        // The certificates are ours to choose: fred would take the platform's and the process' own provider.
        let plain = if tls { url.replacen("rediss", "redis", 1) } else { url.to_owned() };
        let mut server = match arrangement {
            Arrangement::Single => Config::from_url_centralized(&plain)?,
            Arrangement::Sentinel => Config::from_url_sentinel(&plain).map_err(|error| {
                let unnamed = error.details().contains("service name");
                if unnamed {
                    refused("a redis-sentinel:// URL ends in ?sentinelServiceName=NAME")
                } else {
                    error
                }
            })?,
            Arrangement::Cluster => {
                let server = Config::from_url_clustered(&plain)?;
                if has_database(&plain) {
                    return Err(refused("a cluster has no databases: leave the path out of the URL"));
                }
                server
            }
        };
        if tls {
            self.secure(&mut server)?;
        }
        // One attempt to connect, and no reconnect policy: fred would carry out what was queued before the connection broke
        // after it is back, however much later that is. The supervisor (link.rs) connects again instead.
        server.fail_fast = true;
        Ok(server)
    }

    #[cfg(feature = "rustls")]
    fn secure(&self, server: &mut Config) -> Result<(), Error> {
        server.tls = Some(super::tls::client(self.tls_ca.as_deref())?);
        Ok(())
    }

    #[cfg(not(feature = "rustls"))]
    #[expect(clippy::unused_self, reason = "the same call as with TLS")]
    fn secure(&self, _server: &mut Config) -> Result<(), Error> {
        Err(refused("rediss:// asks for TLS, which this build does not have: enable the feature `rustls`"))
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if self.command_timeout.is_zero() || self.connect_timeout.is_zero() || self.dead_after.is_zero() {
            return Err(refused("a timeout of zero would be none at all"));
        }
        let cluster = matches!(self.server_at(&self.url)?.server, ServerConfig::Clustered { .. });
        if self.read_from_replicas && !cluster {
            return Err(refused(
                "`read_from_replicas` is for a cluster: name the replicas in `replica_urls`",
            ));
        }
        if cluster && !self.replica_urls.is_empty() {
            return Err(refused(
                "a cluster knows its replicas: use `read_from_replicas` in place of `replica_urls`",
            ));
        }
        for url in &self.replica_urls {
            if !matches!(self.server_at(url)?.server, ServerConfig::Centralized { .. }) {
                return Err(refused("a replica is named redis://… or rediss://…"));
            }
        }
        Ok(())
    }
}

fn has_database(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or(rest);
    rest.split_once('/').is_some_and(|(_, path)| !path.is_empty())
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorKind::Config, why)
}
