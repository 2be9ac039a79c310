//! Built-in functions that reach relations by the names they are given.

use super::name::RelationName;
use crate::keyword::Keyword;
use crate::token::{Token, TokenKind};

/// What a built-in function does to relations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It reads the one its first argument names.
    Reads,
    /// It changes the one its first argument names.
    Writes,
    /// It reaches some that no argument of it names.
    Anything,
}

/// What the built-in function `name` (in lower case) reaches; `None` for nearly all: they reach no relation but the catalogue's.
pub(super) fn reach(name: &str) -> Option<Reach> {
    Some(match name {
        "nextval" | "setval" => Reach::Writes,
        "currval"
        | "pg_get_sequence_data"
        | "pg_indexes_size"
        | "pg_relation_size"
        | "pg_sequence_last_value"
        | "pg_table_size"
        | "pg_total_relation_size"
        | "table_to_xml"
        | "table_to_xml_and_xmlschema"
        | "table_to_xmlschema" => Reach::Reads,
        "cursor_to_xml"
        | "cursor_to_xmlschema"
        | "database_to_xml"
        | "database_to_xml_and_xmlschema"
        | "database_to_xmlschema"
        | "lastval"
        | "pg_database_size"
        | "pg_tablespace_size"
        | "query_to_xml"
        | "query_to_xml_and_xmlschema"
        | "query_to_xmlschema"
        | "schema_to_xml"
        | "schema_to_xml_and_xmlschema"
        | "schema_to_xmlschema"
        | "ts_rewrite"
        | "ts_stat" => Reach::Anything,
        // Large objects are rows of a catalogue.
        "lowrite" | "loread" => Reach::Anything,
        _ if name.starts_with("lo_") => Reach::Anything,
        _ => return None,
    })
}

/// The relation that `tokens`, which begin behind the parenthesis of a call, name as its first argument: a plain string, maybe cast to
/// `regclass` or `text`.
pub(super) fn literal(sql: &str, mut tokens: impl Iterator<Item = Token>) -> Option<RelationName> {
    let string = tokens.next().filter(|token| token.kind == TokenKind::String)?.text(sql);
    let name = string.strip_prefix('\'')?.strip_suffix('\'')?;
    let mut next = tokens.next()?;
    if next.kind == TokenKind::Cast {
        let to = tokens.next()?;
        let to_name = to.text(sql).eq_ignore_ascii_case("regclass")
            || matches!(to.kind, TokenKind::Keyword(Keyword::Text))
            || to.text(sql).eq_ignore_ascii_case("text");
        next = tokens.next().filter(|_| to_name)?;
    }
    let ends = matches!(next.kind, TokenKind::Close | TokenKind::Comma);
    // Quotes and escapes would have to be taken off first.
    (ends && !name.contains(['\'', '\\'])).then(|| RelationName::parse(name)).flatten()
}
