//! What holds of every text, for the property tests and the fuzz target.

use forebay_sql::{Class, Kind, Lexer, TokenKind, classify, fingerprint, normalize, relations, statements};

/// Check it of `sql`.
pub(crate) fn holds(sql: &str) {
    let mut at = 0;
    for token in Lexer::new(sql) {
        assert_eq!(token.start, at, "{sql:?}");
        assert!(token.end > token.start, "{sql:?}");
        assert!(!token.text(sql).is_empty());
        at = token.end;
    }
    assert_eq!(at, sql.len(), "{sql:?}");

    let class = classify(sql);
    assert_eq!(class.kind() == Kind::Read, class.reasons().is_empty());
    assert!(class.reasons().len() <= Class::REASONS_MAX);
    for reason in class.reasons() {
        assert!(sql.is_char_boundary(reason.at()) && reason.at() < sql.len(), "{sql:?} {reason:?}");
        assert!(!reason.to_string().is_empty());
    }
    let broken =
        Lexer::new(sql).any(|token| matches!(token.kind, TokenKind::Unknown | TokenKind::Unterminated(_)));
    assert!(!(broken && class.is_read()), "{sql:?}");

    assert_eq!(fingerprint(sql), fingerprint(&format!("/* x */ {sql}")), "{sql:?}");
    assert!(normalize(sql).len() <= 2 * sql.len() + 2);
    let found = relations(sql);
    assert!(!(broken && found.is_ok()), "{sql:?}");
    let seen = found.as_ref().unwrap_or_else(|not_known| {
        let at = not_known.hidden().at();
        assert!(sql.is_char_boundary(at) && at < sql.len(), "{sql:?} {not_known:?}");
        not_known.seen()
    });
    for names in [seen.reads(), seen.writes()] {
        assert!(names.is_sorted_by(|one, other| one < other), "{sql:?}");
        assert!(names.iter().all(|name| name.name().len() <= 63), "{sql:?}");
    }
    // A read whose names are all known writes nothing.
    assert!(!class.is_read() || found.as_ref().map_or(true, |found| found.writes().is_empty()), "{sql:?}");
    for (start, statement) in statements(sql) {
        assert_eq!(&sql[start..start + statement.len()], statement);
    }
}
