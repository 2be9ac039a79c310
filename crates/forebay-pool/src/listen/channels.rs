//! Names of channels, as SQL writes them.

use crate::{error::PoolError, identifier::quoted};
use std::fmt::Write as _;

/// Longest name of a channel; PostgreSQL cuts a longer one off, and what is sent to it is never heard. Source:
/// PostgreSQL documentation, 4.1.1 "Identifiers and Key Words".
const NAME_BYTES_MAX: usize = 63;

/// The statements that begin to listen to all of `names`.
pub(super) fn statements(names: &[String]) -> Result<String, PoolError> {
    if names.is_empty() {
        return Err(PoolError::argument("listen", "names no channel"));
    }
    let mut text = String::new();
    for name in names {
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains('\0') {
            return Err(PoolError::argument("listen", "a channel's name has 1 to 63 bytes, none of them 0"));
        }
        let written = write!(text, "LISTEN {}; ", quoted(name));
        debug_assert!(written.is_ok(), "writing to a String does not fail");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn names_are_taken_letter_by_letter() {
        let names = ["Jobs".to_owned(), "a\"; DROP TABLE t; --".to_owned()];
        let text = statements(&names).expect("both are names");
        assert_eq!(text, "LISTEN \"Jobs\"; LISTEN \"a\"\"; DROP TABLE t; --\"; ");
        assert!(statements(&[]).is_err());
        assert!(statements(&["x".repeat(64)]).is_err());
    }
}
