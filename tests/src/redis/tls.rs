//! Certificates for a server that speaks TLS.

use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::account::Account;

/// The files of a server's certificate, signed by an authority of its own.
#[derive(Debug, Clone)]
pub(super) struct Certificates {
    pub(super) authority: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Certificates {
    /// Makes an authority and a certificate for `localhost` and `127.0.0.1`, in `folder`.
    pub(super) fn write(folder: &Path, account: Account) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text)?;
            account.own(&path)?;
            anyhow::Ok(path)
        };
        Ok(Self {
            authority: write("authority.pem", authority.pem())?,
            certificate: write("server.pem", certificate.pem())?,
            key: write("server.key", key.serialize_pem())?,
        })
    }

    pub(super) fn arguments(&self, port: u16) -> Vec<std::ffi::OsString> {
        let port = port.to_string();
        let words = ["--tls-port", &port, "--tls-auth-clients", "no"].map(Into::into);
        let files = [
            ("--tls-cert-file", &self.certificate),
            ("--tls-key-file", &self.key),
            ("--tls-ca-cert-file", &self.authority),
        ];
        words
            .into_iter()
            .chain(files.into_iter().flat_map(|(name, file)| [name.into(), file.into()]))
            .collect()
    }
}
