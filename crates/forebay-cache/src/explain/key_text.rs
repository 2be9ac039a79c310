use std::fmt::Write as _;

/// A key for people: its text when it is printable, else its bytes as `0x…`.
pub(crate) fn key_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && !text.contains(char::is_control) => text.to_owned(),
        _ => bytes.iter().fold("0x".to_owned(), |mut text, byte| {
            // Writing to a string does not fail.
            let _written = write!(text, "{byte:02x}");
            text
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::key_text;

    #[test]
    fn text_stays_text_and_numbers_become_hex() {
        assert_eq!(key_text(b"a b"), "a b");
        assert_eq!(key_text(&7_u32.to_be_bytes()), "0x00000007");
        assert_eq!(key_text(b""), "0x");
    }
}
