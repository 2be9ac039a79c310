//! What a connection string asks of TLS, in libpq's words.

use std::path::PathBuf;
use tokio_postgres::config::SslMode;

/// How connections to a server are encrypted, and whose word is taken for who the server is.
///
/// Read from a connection string: `sslmode`, `sslrootcert`, `sslcert`, `sslkey` and `ssl_min_protocol_version`, which
/// mean what they mean to libpq. Source: PostgreSQL documentation, 34.19 "SSL Support".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct TlsSettings {
    /// `sslmode`. Default: `prefer`.
    pub mode: TlsMode,
    /// `sslrootcert`: a PEM file with the authorities that vouch for the server. Default: the platform's, which is
    /// also what `system` says.
    pub authorities: Option<PathBuf>,
    /// `sslcert` and `sslkey`: PEM files with the client's own certificate (and what leads from it to its authority)
    /// and its key. Default: none.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// `ssl_min_protocol_version=TLSv1.3`: nothing older is spoken. Default: TLS 1.2 is spoken as well.
    pub only_tls13: bool,
}

/// How much of TLS there must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum TlsMode {
    /// `disable`: never.
    Disable,
    /// `prefer`: encrypted when the server can, by whoever answers.
    #[default]
    Prefer,
    /// `require`: encrypted, by whoever answers; with `sslrootcert` the same as `verify-ca`.
    Require,
    /// `verify-ca`: encrypted, and an authority that is trusted vouches for the server's certificate.
    VerifyCa,
    /// `verify-full`: and the certificate is for the host that was asked for.
    VerifyFull,
}

impl TlsSettings {
    /// Reads the options that [`crate::options::split`] took out.
    pub(crate) fn read(options: &[(&'static str, String)]) -> Result<Self, String> {
        let mut settings = Self::default();
        let (mut mode, mut certificate, mut key) = (None, None, None);
        let mut system = false;
        for (name, value) in options {
            match (*name, value.as_str()) {
                ("sslmode", value) => mode = Some(TlsMode::read(value)?),
                ("sslrootcert", "system") => system = true,
                ("sslrootcert", file) => settings.authorities = Some(file.into()),
                ("sslcert", file) => certificate = Some(PathBuf::from(file)),
                ("sslkey", file) => key = Some(PathBuf::from(file)),
                ("ssl_min_protocol_version", "TLSv1.2") => settings.only_tls13 = false,
                ("ssl_min_protocol_version", "TLSv1.3") => settings.only_tls13 = true,
                (name, _) => return Err(format!("has a wrong `{name}`: TLSv1.2 and TLSv1.3 are known")),
            }
        }
        settings.identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err("has one of `sslcert` and `sslkey` without the other".to_owned()),
        };
        settings.mode = mode.unwrap_or(if system { TlsMode::VerifyFull } else { TlsMode::Prefer });
        // Trusting every authority of the platform for any host would be no check at all.
        if system && settings.mode != TlsMode::VerifyFull {
            return Err("has sslrootcert=system, which needs sslmode=verify-full".to_owned());
        }
        if settings.mode == TlsMode::Require && settings.authorities.is_some() {
            settings.mode = TlsMode::VerifyCa;
        }
        Ok(settings)
    }

    /// The nearest that the driver has words for.
    pub(crate) const fn driver_mode(&self) -> SslMode {
        match self.mode {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
        }
    }
}

impl TlsMode {
    fn read(value: &str) -> Result<Self, String> {
        Ok(match value {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => {
                return Err(
                    "is not a connection string: invalid value for option `sslmode` (disable, prefer, \
                            require, verify-ca and verify-full are known)"
                        .to_owned(),
                );
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{TlsMode, TlsSettings};

    fn read(options: &[(&'static str, &str)]) -> Result<TlsSettings, String> {
        let options: Vec<_> = options.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        TlsSettings::read(&options)
    }

    #[test]
    fn a_named_authority_is_asked_also_where_encryption_alone_was() {
        assert_eq!(read(&[("sslmode", "require")]).expect("right").mode, TlsMode::Require);
        let named = read(&[("sslmode", "require"), ("sslrootcert", "ca.pem")]).expect("right");
        assert_eq!(named.mode, TlsMode::VerifyCa);
        assert_eq!(read(&[("sslrootcert", "system")]).expect("right").mode, TlsMode::VerifyFull);
    }

    #[test]
    fn half_of_an_identity_and_weak_checks_are_refused() {
        for wrong in [
            &[("sslcert", "a.pem")][..],
            &[("sslmode", "verify-ca"), ("sslrootcert", "system")],
            &[("sslmode", "allow")],
            &[("ssl_min_protocol_version", "TLSv1")],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
