//! The statements that indexes are to serve.

use forebay_sql::{Lexer, TokenKind, statements};

/// Statements with how often each runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Workload {
    /// The statements.
    pub statements: Vec<Statement>,
    /// What of the source could not be used.
    pub problems: Vec<Problem>,
}

/// A statement, how often it runs and with which values.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The line of the file it begins in, from 1; none where it came from elsewhere.
    pub line: Option<usize>,
    /// Its text; `$1`, … stand for parameters.
    pub sql: String,
    /// How often it runs, in relation to the others. Default: 1.
    pub weight: f64,
    /// Lists of values for its parameters, as texts; NULL is none. Without any, a statement with parameters is planned for any values.
    pub parameters: Vec<Vec<Option<String>>>,
    /// Milliseconds a call took on average, where that was measured.
    pub mean_ms: Option<f64>,
}

/// What could not be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line of the file, from 1.
    pub line: Option<usize>,
    /// The statement without its values.
    pub statement: String,
    /// What is wrong, in words.
    pub what: String,
}

impl Statement {
    /// A statement that runs as often as others do.
    #[must_use]
    pub fn new(sql: impl Into<String>) -> Self {
        Self { line: None, sql: sql.into(), weight: 1.0, parameters: Vec::new(), mean_ms: None }
    }

    /// How many parameters it has: the greatest number behind a `$`.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        let parameters = Lexer::new(&self.sql).filter(|token| token.kind == TokenKind::Parameter);
        parameters.filter_map(|token| token.text(&self.sql)[1..].parse().ok()).max().unwrap_or(0)
    }

    pub(crate) fn problem(&self, what: impl Into<String>) -> Problem {
        Problem { line: self.line, statement: forebay_sql::normalize(&self.sql), what: what.into() }
    }

    /// Whether it is one that is planned.
    pub(crate) fn is_planned(&self) -> bool {
        self.refusal().is_none()
    }

    /// Why it is none that is planned.
    fn refusal(&self) -> Option<&'static str> {
        const PLANNED: [&str; 8] =
            ["select", "with", "values", "table", "insert", "update", "delete", "merge"];
        let mut tokens = Lexer::new(&self.sql).filter(|token| !token.is_trivia());
        let first = tokens.find(|token| token.kind != TokenKind::Open)?;
        let word = first.text(&self.sql).to_lowercase();
        if !PLANNED.contains(&word.as_str()) {
            return Some("it is neither a query nor INSERT, UPDATE, DELETE or MERGE, so nothing is planned");
        }
        let unterminated = tokens.any(|token| matches!(token.kind, TokenKind::Unterminated(_)));
        unterminated.then_some("a quote or a comment in it is never closed")
    }
}

impl Workload {
    /// Reads a script: statements that end with semicolons, cut as psql cuts them. Comments before a statement say more of it:
    ///
    /// - `-- weight: 100` how often it runs in relation to the others;
    /// - `-- params: 7, 'open', NULL` values of its parameters; several such lines are several calls.
    ///
    /// What cannot be used is in [`problems`](Self::problems), with its line; the rest is there all the same.
    ///
    /// ```
    /// # use forebay_plan::advise::Workload;
    /// let workload = Workload::parse("
    ///     -- weight: 100
    ///     -- params: 7
    ///     SELECT * FROM users WHERE id = $1;
    ///     SELECT count(*) FROM orders;
    /// ");
    /// assert_eq!(workload.statements.len(), 2);
    /// assert_eq!(workload.statements[0].weight, 100.0);
    /// assert_eq!(workload.statements[0].parameters, [[Some("7".to_owned())]]);
    /// ```
    #[must_use]
    pub fn parse(script: &str) -> Self {
        let mut workload = Self::default();
        let (mut end, mut line, mut counted) = (0, 1, 0);
        for (at, sql) in statements(script) {
            line += script[counted..at].matches('\n').count();
            counted = at;
            let mut statement = Statement { line: Some(line), ..Statement::new(sql) };
            workload.read_comments(&script[end..at], &mut statement);
            end = at + sql.len();
            match statement.refusal() {
                Some(what) => workload.problems.push(statement.problem(what)),
                None => workload.statements.push(statement),
            }
        }
        workload
    }

    /// What the comments before a statement say of it.
    fn read_comments(&mut self, gap: &str, statement: &mut Statement) {
        for token in Lexer::new(gap).filter(|token| token.kind == TokenKind::LineComment) {
            let comment = token.text(gap).trim_start_matches('-').trim();
            let Some((name, value)) = comment.split_once(':') else { continue };
            match name.trim() {
                "weight" => match value.trim().parse::<f64>() {
                    Ok(weight) if weight > 0.0 && weight.is_finite() => statement.weight = weight,
                    _ => self
                        .problems
                        .push(statement.problem(format!("`{}` is no weight above 0", value.trim()))),
                },
                "params" => match values(value) {
                    Some(values) => statement.parameters.push(values),
                    None => self
                        .problems
                        .push(statement.problem("its params are no list such as 7, 'open', NULL")),
                },
                _ => {}
            }
        }
    }
}

/// `7, 'open', NULL`
fn values(list: &str) -> Option<Vec<Option<String>>> {
    let tokens: Vec<_> = Lexer::new(list).filter(|token| !token.is_trivia()).collect();
    tokens
        .split(|token| token.kind == TokenKind::Comma)
        .map(|value| {
            let (sign, value) = match value {
                [sign, rest @ ..] if sign.text(list) == "-" => ("-", rest),
                _ => ("", value),
            };
            let [token] = value else { return None };
            let text = token.text(list);
            match token.kind {
                TokenKind::Number => Some(Some(format!("{sign}{text}"))),
                TokenKind::String if text.starts_with('\'') && sign.is_empty() => {
                    Some(Some(text[1..text.len() - 1].replace("''", "'")))
                }
                TokenKind::Keyword(_) if text.eq_ignore_ascii_case("null") => Some(None),
                TokenKind::Keyword(_) if ["true", "false"].contains(&text.to_lowercase().as_str()) => {
                    Some(Some(text.to_lowercase()))
                }
                _ => None,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Workload;

    #[test]
    fn what_is_wrong_is_named_by_its_line_and_the_rest_is_used() {
        let workload = Workload::parse(
            "SELECT 1;\nSET x = 1;\n-- weight: none\n-- params: -1.5, 'it''s', null, true\nSELECT $1;\n\nSELECT 'open",
        );
        assert_eq!(workload.statements.iter().map(|s| s.line).collect::<Vec<_>>(), [Some(1), Some(5)]);
        let lines: Vec<_> = workload.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [Some(2), Some(5), Some(7)]);
        let values: Vec<_> = workload.statements[1].parameters[0].iter().map(Option::as_deref).collect();
        assert_eq!(values, [Some("-1.5"), Some("it's"), None, Some("true")]);
    }
}
