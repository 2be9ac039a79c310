//! Names in SQL texts.

/// A name as an identifier that is taken letter by letter.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
