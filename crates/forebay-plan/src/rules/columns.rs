//! The columns of a condition, as PostgreSQL prints it.

/// Names of a condition that are columns, in the order they are met, each once, without the table they belong to.
pub(super) fn columns(condition: &str) -> Vec<String> {
    compared(condition).into_iter().map(|column| column.name).collect()
}

/// A column, and whether the condition says what it equals.
struct Column {
    name: String,
    is_equal: bool,
}

fn compared(condition: &str) -> Vec<Column> {
    let mut found: Vec<Column> = Vec::new();
    let mut rest = condition;
    let mut after_cast = false;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            rest = skip_quoted(rest, '\'').1;
            after_cast = false;
            continue;
        }
        if first == '"' || first.is_alphabetic() || first == '_' {
            let (name, behind) = word(rest);
            // `a.b`: the last part is the column; `f(…)`: a function; `::type`: a cast.
            let is_column =
                !behind.starts_with(['.', '(']) && !after_cast && (first == '"' || !is_key_word(&name));
            if is_column {
                let before = &condition[..condition.len() - rest.len()];
                let is_equal = equals(before, behind);
                match found.iter_mut().find(|column| column.name == name) {
                    Some(column) => column.is_equal |= is_equal,
                    None => found.push(Column { name, is_equal }),
                }
            }
            rest = behind;
            // `::character varying`, `::timestamp without time zone`
            after_cast = after_cast && behind.starts_with(' ') && !is_operator_next(behind);
            continue;
        }
        if let Some(behind) = rest.strip_prefix("::") {
            after_cast = true;
            rest = behind;
            continue;
        }
        after_cast = after_cast && first == ' ';
        // A number, a parameter: not the beginning of a name.
        let length = if first.is_ascii_digit() || first == '$' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '$' && c != '_').unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    found
}

/// Whether a column between these is compared for equality: `a = 7`, `(a)::text = 'x'::text`, `a = ANY (…)`, `a IS NULL`, `7 = a`.
fn equals(before: &str, behind: &str) -> bool {
    let mut behind = behind.trim_start_matches(')');
    if let Some(cast) = behind.strip_prefix("::") {
        let this = [" AND ", " OR "].iter().filter_map(|word| cast.find(word)).min().unwrap_or(cast.len());
        let is_of_type = |c: char| c.is_alphanumeric() || " _[](),.\"".contains(c);
        behind = cast[..this].trim_start_matches(is_of_type);
    }
    let is_name = |c: char| c == '(' || c == '.' || c == '_' || c == '"' || c.is_alphanumeric();
    let before = before.trim_end_matches(is_name);
    behind.trim_start().starts_with("= ") || behind.starts_with(" IS NULL") || before.ends_with(" = ")
}

/// How many tables a condition names: `a.x` names one. Columns without a table's name count as none.
pub(super) fn tables(condition: &str) -> usize {
    let mut names: Vec<&str> = Vec::new();
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
    for (at, _) in condition.match_indices('.') {
        let before = &condition[..at];
        let start = before
            .rfind(|c| !is_name(c))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let name = &before[start..];
        let is_number = name.starts_with(|c: char| c.is_ascii_digit());
        if !name.is_empty() && !is_number && !names.contains(&name) {
            names.push(name);
        }
    }
    names.len()
}

/// A condition with its string literals and quoted names empty.
pub(super) fn without_literals(condition: &str) -> String {
    let mut plain = String::with_capacity(condition.len());
    let mut rest = condition;
    while let Some(at) = rest.find(['\'', '"']) {
        let quote = if rest[at..].starts_with('"') { '"' } else { '\'' };
        plain.push_str(&rest[..at]);
        plain.push(quote);
        plain.push(quote);
        rest = skip_quoted(&rest[at..], quote).1;
    }
    plain.push_str(rest);
    plain
}

/// The columns in one line, as an index would have them: those that are compared for equality first. At most this many.
pub(super) fn list(condition: &str) -> String {
    const SHOWN_MAX: usize = 4;
    let mut columns = compared(condition);
    columns.sort_by_key(|column| !column.is_equal);
    columns.truncate(SHOWN_MAX);
    let names: Vec<String> = columns.into_iter().map(|column| column.name).collect();
    names.join(", ")
}

fn word(text: &str) -> (String, &str) {
    if text.starts_with('"') {
        let (name, rest) = skip_quoted(text, '"');
        return (name.to_owned(), rest);
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(text.len());
    (text[..end].to_owned(), &text[end..])
}

/// What stands in quotes, with them, and what is behind; a doubled quote is part of it.
fn skip_quoted(text: &str, quote: char) -> (&str, &str) {
    let mut at = 1;
    while let Some(found) = text[at..].find(quote) {
        at += found + 1;
        if !text[at..].starts_with(quote) {
            return text.split_at(at);
        }
        at += 1;
    }
    (text, "")
}

fn is_operator_next(behind: &str) -> bool {
    let next = behind.trim_start();
    ["AND", "OR", "IS", "NOT", "COLLATE"].iter().any(|word| next.starts_with(word))
        || !next.starts_with(char::is_alphabetic)
}

fn is_key_word(word: &str) -> bool {
    const WORDS: [&str; 26] = [
        "AND",
        "OR",
        "NOT",
        "IS",
        "NULL",
        "ANY",
        "ALL",
        "ARRAY",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "DISTINCT",
        "FROM",
        "TRUE",
        "FALSE",
        "true",
        "false",
        "COLLATE",
        "ROW",
        "COALESCE",
        "hashed",
        "SubPlan",
        "InitPlan",
        "CURRENT_DATE",
    ];
    WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::{columns, list};

    #[test]
    fn equality_comes_first() {
        let cases = [
            ("((total > 10) AND (status = 'open'::text))", "status, total"),
            (
                "((created >= now()) AND ((o.kind)::text = 'x'::text) AND (gone IS NULL))",
                "kind, gone, created",
            ),
            ("((a < 3) AND (b = ANY ('{1,2}'::integer[])) AND (7 = c))", "b, c, a"),
            ("((a > 1) AND (b <> 2) AND (c >= 3) AND (d IS NOT NULL))", "a, b, c, d"),
            ("((a > 1) AND (a = 3) AND (b < 2))", "a, b"),
            ("((e)::character varying = 'x'::character varying)", "e"),
            ("((a < 1) AND (b < 2) AND (c < 3) AND (d < 4) AND (e = 5))", "e, a, b, c"),
        ];
        for (condition, expected) in cases {
            assert_eq!(list(condition), expected, "{condition}");
        }
    }

    #[test]
    fn names_are_columns_and_the_rest_is_not() {
        let cases: [(&str, &[&str]); 6] = [
            ("(user_id = 7)", &["user_id"]),
            ("((o.status = 'it''s a AND b'::text) AND (amount > 3))", &["status", "amount"]),
            (
                "((\"Odd \"\"name\" IS NOT NULL) OR (lower(name) ~~ '%x%'::text))",
                &["\"Odd \"\"name\"", "name"],
            ),
            ("((a)::character varying = ANY ('{x,y}'::character varying[]))", &["a"]),
            ("((created)::timestamp without time zone < now())", &["created"]),
            ("(score > $0)", &["score"]),
        ];
        for (condition, expected) in cases {
            assert_eq!(columns(condition), expected, "{condition}");
        }
    }

    #[test]
    fn an_open_quote_ends_with_the_text() {
        assert_eq!(columns("(a = 'x"), ["a"]);
        assert_eq!(columns("(\"x"), ["\"x"]);
    }
}
