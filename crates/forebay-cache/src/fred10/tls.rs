//! TLS through rustls, with the provider `ring` whatever the process has chosen for others.

use fred::{
    error::{Error, ErrorKind},
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, pem::PemObject},
    },
    rustls_native_certs::load_native_certs,
    types::config::TlsConfig,
};
use std::{path::Path, sync::Arc};

/// A client that trusts the authorities in the file `authorities`, or else those of the platform.
pub(super) fn client(authorities: Option<&Path>) -> Result<TlsConfig, Error> {
    let certificates: Vec<CertificateDer<'static>> = match authorities {
        Some(file) => CertificateDer::pem_file_iter(file)
            .and_then(Iterator::collect)
            .map_err(|error| refused(format!("cannot read `tls_ca`: {error}")))?,
        None => load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    let (taken, _unfit) = roots.add_parsable_certificates(certificates);
    if taken == 0 {
        let whose = if authorities.is_some() { "`tls_ca` holds" } else { "the platform has" };
        return Err(refused(format!("{whose} no certificate of an authority")));
    }
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?;
    Ok(client.with_root_certificates(roots).with_no_client_auth().into())
}

fn refused(why: String) -> Error {
    Error::new(ErrorKind::Tls, why)
}
