//! Certificates for servers that speak TLS.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::account::Account;

/// The files (PEM) of a server's certificate, signed by an authority of its own, and of a client's.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The certificate of the authority that signed the others.
    pub authority: PathBuf,
    /// The server's certificate, for `localhost` and `127.0.0.1`.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// A client's certificate, for the user [`Certificates::CLIENT`].
    pub client_certificate: PathBuf,
    /// Its key.
    pub client_key: PathBuf,
}

impl Certificates {
    /// The common name of the client's certificate.
    pub const CLIENT: &str = "bearer";

    /// Makes them in `folder`, for whoever runs the tests.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn create(folder: &Path) -> Result<Self> {
        Self::write(folder, Account::Mine)
    }

    /// Makes them in `folder`, readable by `account`.
    pub(crate) fn write(folder: &Path, account: Account) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
        let client_key = KeyPair::generate()?;
        let mut client = CertificateParams::new(Vec::new())?;
        client.distinguished_name.push(DnType::CommonName, Self::CLIENT);
        let client = client.signed_by(&client_key, &authority)?;
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            // PostgreSQL refuses a key that others may read.
            let mut file = std::fs::File::options().create_new(true).write(true).mode(0o600).open(&path)?;
            std::io::Write::write_all(&mut file, text.as_bytes())?;
            account.own(&path)?;
            anyhow::Ok(path)
        };
        Ok(Self {
            authority: write("authority.pem", authority.pem())?,
            certificate: write("server.pem", certificate.pem())?,
            key: write("server.key", key.serialize_pem())?,
            client_certificate: write("client.pem", client.pem())?,
            client_key: write("client.key", client_key.serialize_pem())?,
        })
    }
}
