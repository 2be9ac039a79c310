//! A Redis that speaks TLS.

use crate::certificates::Certificates;

/// What the server is told.
pub(super) fn arguments(files: &Certificates, port: u16) -> Vec<std::ffi::OsString> {
    let port = port.to_string();
    let words = ["--tls-port", &port, "--tls-auth-clients", "no"].map(Into::into);
    let files = [
        ("--tls-cert-file", &files.certificate),
        ("--tls-key-file", &files.key),
        ("--tls-ca-cert-file", &files.authority),
    ];
    words.into_iter().chain(files.into_iter().flat_map(|(name, file)| [name.into(), file.into()])).collect()
}
