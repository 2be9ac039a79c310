use axum::http::{HeaderMap, header::AUTHORIZATION};
use subtle::ConstantTimeEq as _;

/// Whether a request carries the bearer token a page asks for. Without a configured token everyone may read.
///
/// The comparison takes as long for a wrong token as for the right one (RFC 6750 names guessing as a threat).
pub(super) fn allows(token: Option<&str>, headers: &HeaderMap) -> bool {
    let Some(token) = token else { return true };
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some((scheme, credentials)) = given.and_then(|text| text.split_once(' ')) else { return false };
    scheme.eq_ignore_ascii_case("bearer") && bool::from(credentials.trim().as_bytes().ct_eq(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())])
    }

    #[test]
    fn only_the_right_token_opens_a_closed_page() {
        assert!(allows(None, &HeaderMap::new()));
        assert!(!allows(Some("s3cret"), &HeaderMap::new()));
        assert!(!allows(Some("s3cret"), &headers("Bearer s3cre")));
        assert!(!allows(Some("s3cret"), &headers("Basic s3cret")));
        assert!(allows(Some("s3cret"), &headers("bearer s3cret")));
    }
}
