//! What binds a login to the TLS connection it is made on: a hash of the server's certificate.

use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// `tls-server-end-point` of RFC 5929, section 4.1: the certificate under the hash function of its signature, with
/// SHA-256 in place of MD5 and SHA-1. `None` for signatures that name no hash function, like Ed25519, for which it is
/// not defined; PostgreSQL has none for them either.
pub(super) fn server_end_point(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    Some(match signature_of(certificate)? {
        // 1.2.840.113549.1.1: RSA with MD5, SHA-1, SHA-256, SHA-384, SHA-512.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, kind] => match kind {
            4 | 5 | 11 => Sha256::digest(certificate).to_vec(),
            12 => Sha384::digest(certificate).to_vec(),
            13 => Sha512::digest(certificate).to_vec(),
            _ => return None,
        },
        // 1.2.840.10045.4: ECDSA with SHA-1, or (.3) with SHA-256, SHA-384, SHA-512.
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 1] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 2] => {
            Sha256::digest(certificate).to_vec()
        }
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 3] => Sha384::digest(certificate).to_vec(),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 4] => Sha512::digest(certificate).to_vec(),
        _ => return None,
    })
}

/// The object identifier of the algorithm a certificate is signed with (RFC 5280, section 4.1): the handshake has
/// read the certificate already, and does not say.
fn signature_of(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = element(SEQUENCE, certificate)?;
    let (_to_be_signed, rest) = element(SEQUENCE, certificate)?;
    let (algorithm, _signature) = element(SEQUENCE, rest)?;
    Some(element(OBJECT_IDENTIFIER, algorithm)?.0)
}

/// The content of the first element, which must have this tag, and what follows it.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        short @ 0..0x80 => (usize::from(*short), rest),
        long => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let digits = digits
                .iter()
                .try_fold(0_usize, |sum, digit| Some(sum.checked_mul(256)? | usize::from(*digit)))?;
            (digits, rest)
        }
    };
    (*first == tag).then(|| rest.split_at_checked(length))?
}

#[cfg(test)]
mod tests {
    use super::server_end_point;
    use proptest::prelude::*;
    use rustls::pki_types::CertificateDer;

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _none = server_end_point(&CertificateDer::from(bytes));
        }
    }
}
