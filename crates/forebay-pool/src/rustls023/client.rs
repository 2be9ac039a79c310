//! What rustls is told for one server.

use super::trust::Trust;
use crate::{
    refusal::{ConnectReason, Refusal},
    tls_settings::{TlsMode, TlsSettings},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    version::{TLS12, TLS13},
};
use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

/// The protocol's name in TLS; servers since PostgreSQL 17 ask for it when there is no request for TLS before.
/// Source: PostgreSQL documentation, 53.2.11 "SSL Session Encryption".
pub(super) const PROTOCOL: &[u8] = b"postgresql";

/// The authorities of the platform, read once per connector.
pub(super) type Platform = OnceLock<Arc<RootCertStore>>;

/// Reads the files that `settings` names, at each connect: certificates that were renewed are taken up.
pub(super) fn client(settings: &TlsSettings, platform: &Platform) -> Result<ClientConfig, Refusal> {
    let provider = Arc::new(ring::default_provider());
    let trust = Trust {
        provider: Arc::clone(&provider),
        authorities: match (settings.mode, &settings.authorities) {
            (TlsMode::VerifyCa | TlsMode::VerifyFull, Some(file)) => Some(Arc::new(authorities(file)?)),
            (TlsMode::VerifyCa | TlsMode::VerifyFull, None) => Some(of_platform(platform)?),
            (TlsMode::Disable | TlsMode::Prefer | TlsMode::Require, _) => None,
        },
        names: settings.mode == TlsMode::VerifyFull,
    };
    let versions: &[_] = if settings.only_tls13 { &[&TLS13] } else { &[&TLS12, &TLS13] };
    let client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| Refusal::new(ConnectReason::TlsHandshake, error))?
        // Not less than rustls checks by itself: what is left out is what `sslmode` says to leave out.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust));
    let mut client = match &settings.identity {
        None => client.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error))?;
            client
                .with_client_auth_cert(chain, key)
                .map_err(|error| Refusal::new(ConnectReason::TlsFiles, error))?
        }
    };
    client.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(client)
}

fn authorities(file: &Path) -> Result<RootCertStore, Refusal> {
    let mut roots = RootCertStore::empty();
    let (taken, _unfit) = roots.add_parsable_certificates(certificates(file)?);
    if taken == 0 {
        return Err(unusable(file, "it holds no certificate of an authority"));
    }
    Ok(roots)
}

fn of_platform(platform: &Platform) -> Result<Arc<RootCertStore>, Refusal> {
    let roots = platform.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        let _counts = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    });
    if roots.is_empty() {
        return Err(Refusal::new(
            ConnectReason::TlsFiles,
            "the platform has no certificate of an authority: name one in `sslrootcert`",
        ));
    }
    Ok(Arc::clone(roots))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(file, error))
}

fn unusable(file: &Path, why: impl std::fmt::Display) -> Refusal {
    Refusal::new(ConnectReason::TlsFiles, format!("{}: {why}", file.display()))
}
