//! Opens sessions over TLS.

use super::{
    handshake::{Line, Means},
    secured::Already,
};
use crate::{
    connect::{Canceller, Connect, ConnectFailure, Connected, begin_encrypted, begin_plain, stop},
    tap::Tap,
    target::Target,
    wire::Wire,
};
use async_trait::async_trait;
use rustls::ClientConfig;
use std::sync::Arc;
use tokio_postgres::NoTls;

/// Connects as the connection string asks: encrypted or not, and the server checked as `sslmode` says. The default
/// of a pool when the feature `rustls` is on.
///
/// Files are read again at each connect, so that renewed certificates are taken up. Requests to cancel go the same
/// way to the same address.
#[derive(Debug, Clone, Default)]
pub struct ConnectRustls(Means);

impl ConnectRustls {
    /// With what the connection strings say.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a rustls configuration of one's own, in place of what the connection strings say of certificates and
    /// versions; whether TLS is used at all is still theirs to say. For `sslnegotiation=direct` its
    /// `alpn_protocols` must have `postgresql`.
    #[must_use]
    pub fn with_client(client: Arc<ClientConfig>) -> Self {
        Self(Means { given: Some(client), ..Means::default() })
    }
}

#[async_trait]
impl Connect for ConnectRustls {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        let (wire, address) = Wire::connect(target).await?;
        let (client, task) = match self.0.secure(wire, target).await? {
            Line::Plain(wire) => begin_plain(wire, target, tap).await?,
            Line::Tls(stream, binding) => begin_encrypted(stream, binding, target, tap).await?,
        };
        let token = client.cancel_token();
        let (means, target) = (self.0.clone(), Arc::new(target.clone()));
        let cancel = Canceller::new(move || {
            let (token, address, means, target) =
                (token.clone(), address.clone(), means.clone(), target.clone());
            Box::pin(async move {
                match means.secure(address.open().await?, &target).await? {
                    Line::Plain(wire) => stop(wire, NoTls, &token).await,
                    Line::Tls(stream, _) => stop(stream, Already { binding: None }, &token).await,
                }
            })
        });
        Ok(Connected { client, task, cancel })
    }
}
