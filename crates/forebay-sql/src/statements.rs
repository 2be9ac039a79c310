//! A script cut into its statements.

use crate::extent::Extent;
use crate::lexer::Lexer;

/// The statements of a script, each with its byte offset, from its first word to its last, without the semicolon and the comments
/// around it. Statements with nothing in them are left out.
///
/// A semicolon ends a statement unless it stands in quotes, a comment, parentheses (`CREATE RULE … DO (…; …)`) or the
/// `BEGIN ATOMIC … END` of a function, which is how psql cuts.
///
/// ```
/// use forebay_sql::statements;
///
/// let script = "SELECT ';'; -- first;\n;\nUPDATE t SET a = 1;";
/// let found: Vec<_> = statements(script).collect();
/// assert_eq!(found, [(0, "SELECT ';'"), (24, "UPDATE t SET a = 1")]);
/// ```
pub fn statements(sql: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut lexer = Lexer::new(sql);
    std::iter::from_fn(move || {
        loop {
            let mut extent = Extent::default();
            let mut span = None;
            let mut ended = false;
            for token in lexer.by_ref().filter(|token| !token.is_trivia()) {
                ended = extent.ends_with(token);
                if ended {
                    break;
                }
                span = Some((span.map_or(token.start, |(start, _)| start), token.end));
            }
            match span {
                Some((start, end)) => return Some((start, &sql[start..end])),
                None if ended => {}
                None => return None,
            }
        }
    })
}
