//! Read, write or unproven: one pass over the tokens, statement by statement.

mod call;
mod frame;
mod name;
mod query;
mod statement;
mod transaction;

use crate::catalog::Known;
use crate::class::Class;
use crate::cursor::Cursor;
use crate::lexer::Lexer;
use crate::reason::Reason;
use crate::token::TokenKind;
pub(crate) use frame::With;
pub(crate) use query::{Chain, Query, is_word};

/// Decide from the text alone whether any server may run it.
///
/// A [`Kind::Read`](crate::Kind::Read) is a promise: no statement of the text writes, locks rows, concerns one server or one session,
/// or calls anything but PostgreSQL's own functions and operators that are free of such effects. Whatever the text does not prove is
/// [`Kind::Unproven`](crate::Kind::Unproven), and text that is no SQL at all is too: this function never fails, and its time grows
/// linearly with the text.
///
/// What no text can show is outside the promise, and needs the catalogue: a view or a row security policy that calls a function; a
/// user's overload, cast, domain check or operator that shares its name with a built-in one, also with one that only later versions than the
/// server's have ([`builtin_function_in`](crate::builtin_function_in)); a function called as if it were a column (`t.fn`); `SELECT *` from
/// a sequence, a foreign table or an unlogged table; a `search_path` that puts another schema before pg_catalog.
///
/// With `standard_conforming_strings = off`, which PostgreSQL has not had as its default since 9.1, a plain string may end at another
/// quote: a text with a backslash before a quote is a read only if it is one, or is refused, under both settings.
///
/// ```
/// use forebay_sql::{Kind, classify};
///
/// assert_eq!(classify("SELECT id, lower(name) FROM users WHERE id = $1").kind(), Kind::Read);
/// assert_eq!(classify("SELECT * FROM jobs FOR UPDATE SKIP LOCKED").kind(), Kind::Write);
///
/// let class = classify("SELECT refresh_totals(7)");
/// assert_eq!(class.kind(), Kind::Unproven);
/// assert_eq!(class.reasons()[0].to_string(), "refresh_totals() is not known");
/// ```
#[must_use]
pub fn classify(sql: &str) -> Class {
    judge(sql, None)
}

/// [`classify`] with what is known of the database.
pub(crate) fn judge(sql: &str, known: Option<&Known<'_>>) -> Class {
    let (mut class, doubt) = pass(sql, Lexer::new(sql), known);
    if let Some(at) = doubt.filter(|_| class.is_read()) {
        let (other, _) = pass(sql, Lexer::without_standard_strings(sql), known);
        // What is never closed is refused as a whole.
        let refused = other.reasons().iter().any(|reason| matches!(reason, Reason::Unterminated { .. }));
        if !other.is_read() && !refused {
            class.add(Reason::BackslashBeforeQuote { at });
        }
    }
    class
}

/// The class of `sql` by the tokens of `lexer`, and the first string that would end elsewhere under the other rules.
fn pass(sql: &str, lexer: Lexer<'_>, known: Option<&Known<'_>>) -> (Class, Option<usize>) {
    let mut pass = Pass { known, ..Pass::new(Cursor::of(sql, lexer)) };
    while let Some(first) = pass.cursor.next() {
        if first.kind != TokenKind::Semicolon {
            pass.statement(first);
        }
    }
    pass.end();
    (pass.class, pass.doubt)
}

/// The state of one pass over a text.
pub(crate) struct Pass<'a> {
    pub(crate) cursor: Cursor<'a>,
    pub(crate) class: Class,
    /// Where the transaction begins that a statement of this text has opened and none has ended yet.
    open: Option<usize>,
    /// The first string that ends elsewhere with `standard_conforming_strings = off`.
    pub(crate) doubt: Option<usize>,
    /// What is known of the database, if anything is.
    known: Option<&'a Known<'a>>,
}

impl<'a> Pass<'a> {
    pub(crate) const fn new(cursor: Cursor<'a>) -> Self {
        Self { cursor, class: Class::read(), open: None, doubt: None, known: None }
    }
}
