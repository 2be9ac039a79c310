//! From a socket to an encrypted stream, and what goes wrong on the way.

use super::{
    binding::server_end_point,
    client::{PROTOCOL, Platform, client},
};
use crate::{
    refusal::{ConnectReason, Refusal},
    target::Target,
    tls_settings::TlsMode,
    wire::Wire,
};
use rustls::{CertificateError, ClientConfig, Error, pki_types::ServerName};
use std::{io, sync::Arc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_postgres::config::SslNegotiation;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Asks for TLS. Source: PostgreSQL documentation, 53.7 "Message Formats", `SSLRequest`.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A stream as safe as the settings ask for.
#[derive(Debug)]
pub(super) enum Line {
    /// There is no TLS, and none is needed.
    Plain(Wire),
    /// And what binds a login to it.
    Tls(Box<TlsStream<Wire>>, Option<Vec<u8>>),
}

/// What TLS is made with.
#[derive(Debug, Clone, Default)]
pub(super) struct Means {
    pub(super) platform: Arc<Platform>,
    /// In place of what the connection string says of certificates and versions.
    pub(super) given: Option<Arc<ClientConfig>>,
}

impl Means {
    /// Makes a socket as safe as the connection string asks for.
    pub(super) async fn secure(&self, mut wire: Wire, target: &Target) -> Result<Line, Refusal> {
        // As libpq: what stays within the machine is not encrypted.
        let (Some(name), Wire::Tcp(_)) = (target.server_name(), &wire) else { return Ok(Line::Plain(wire)) };
        if target.tls.mode == TlsMode::Disable {
            return Ok(Line::Plain(wire));
        }
        let direct = target.get_ssl_negotiation() == SslNegotiation::Direct;
        if !direct && !offered(&mut wire).await? {
            return match target.tls.mode {
                TlsMode::Disable | TlsMode::Prefer => Ok(Line::Plain(wire)),
                _ => Err(Refusal::bare(ConnectReason::TlsNotOffered)),
            };
        }
        let name =
            ServerName::try_from(name).map_err(|error| Refusal::new(ConnectReason::WrongHost, error))?;
        let connector = TlsConnector::from(self.client(target).await?);
        let stream = connector.connect(name, wire).await.map_err(|error| failed(error, direct))?;
        let connection = stream.get_ref().1;
        // Without a request before, the name of the protocol is all that keeps a server of another protocol from
        // taking our bytes for its own.
        if direct && connection.alpn_protocol() != Some(PROTOCOL) {
            return Err(Refusal::new(
                ConnectReason::TlsHandshake,
                "the server did not agree on the protocol `postgresql`: sslnegotiation=direct needs PostgreSQL 17",
            ));
        }
        let certificate = connection.peer_certificates().and_then(<[_]>::first);
        let binding = certificate.and_then(server_end_point);
        Ok(Line::Tls(Box::new(stream), binding))
    }

    async fn client(&self, target: &Target) -> Result<Arc<ClientConfig>, Refusal> {
        if let Some(given) = &self.given {
            return Ok(Arc::clone(given));
        }
        let (settings, platform) = (target.tls.clone(), Arc::clone(&self.platform));
        // Files are read.
        let made = tokio::task::spawn_blocking(move || client(&settings, &platform)).await;
        made.map_err(|error| Refusal::new(ConnectReason::TlsFiles, error))?.map(Arc::new)
    }
}

/// Asks whether the server has TLS.
async fn offered(wire: &mut Wire) -> Result<bool, Refusal> {
    let answer = async {
        wire.write_all(&SSL_REQUEST).await?;
        // One byte and no more: what follows is the handshake's, so nothing can be slipped in before it.
        wire.read_u8().await
    };
    // A server that goes away just then has said nothing of TLS.
    match answer.await.map_err(|error| Refusal::new(ConnectReason::Other, error))? {
        b'S' => Ok(true),
        b'N' => Ok(false),
        _ => Err(Refusal::new(ConnectReason::TlsHandshake, "the answer to the request for TLS is no answer")),
    }
}

fn failed(error: io::Error, direct: bool) -> Refusal {
    // Of a socket that ends: an older server does so when TLS begins without a request, any server when it goes away.
    let ended = if direct { ConnectReason::TlsHandshake } else { ConnectReason::Other };
    Refusal::new(reason_of(&error).unwrap_or(ended), error)
}

/// What an error of rustls means, or of a stream that stumbled over one.
pub(crate) fn reason_of(error: &(dyn std::error::Error + 'static)) -> Option<ConnectReason> {
    let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let error = match within {
        Some(within) => within.downcast_ref::<Error>(),
        None => error.downcast_ref::<Error>(),
    };
    Some(match error? {
        // A signature that does not fit is that of another authority with the same name.
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            ConnectReason::UnknownAuthority
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => ConnectReason::WrongHost,
        Error::InvalidCertificate(_) => ConnectReason::BadCertificate,
        _ => ConnectReason::TlsHandshake,
    })
}
