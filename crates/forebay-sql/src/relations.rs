//! What a text reads and writes, by the names it spells out.

mod argument;
mod clause;
mod common_table;
mod hidden;
mod name;
mod statement;
mod target;
mod walk;

use crate::cursor::Cursor;
use crate::lexer::Lexer;
use crate::reason::Reason;
pub use hidden::{Hidden, NotKnown};
pub use name::RelationName;
pub(crate) use name::identifier;
use statement::Text;

/// The relations a text names: tables, views, materialized and foreign ones, sequences. Both lists are sorted and without repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relations {
    reads: Vec<RelationName>,
    writes: Vec<RelationName>,
}

impl Relations {
    /// The relations whose rows may be looked at, those among them that are looked at to be changed (`UPDATE`, `DELETE`, `MERGE`,
    /// `ON CONFLICT`).
    #[must_use]
    pub fn reads(&self) -> &[RelationName] {
        &self.reads
    }

    /// The relations whose rows may change.
    #[must_use]
    pub fn writes(&self) -> &[RelationName] {
        &self.writes
    }

    fn sort(&mut self) {
        for names in [&mut self.reads, &mut self.writes] {
            names.sort_unstable();
            names.dedup();
        }
    }
}

/// What all statements of `sql` read and write together, each relation as the text names it: with its schema if the text gives one.
/// Common table expressions, functions and aliases are not relations and left out. A name too many is possible in texts no server
/// would accept, or accept only where a keyword is used as a name; none is missing, unless the answer is [`NotKnown`].
///
/// # Errors
///
/// [`NotKnown`] when part of what is touched does not stand in the text: a function or operator that is none of PostgreSQL's own, code
/// (`DO`, `CALL`), a statement prepared earlier, a definition that changes what names stand for, or text that is not understood. What
/// was seen all the same is in it.
///
/// # What only the catalogue knows
///
/// A view stands for itself, not for what it reads. What triggers, rules, defaults, foreign keys, policies, partitions and inheritance
/// add, and the system catalogues that casts and built-in functions look into, are not in the text and not in the answer.
///
/// ```
/// use forebay_sql::relations;
///
/// let found = relations("WITH late AS (SELECT * FROM shop.orders WHERE due < now()) UPDATE users SET late = true FROM late")?;
/// let names = |names: &[forebay_sql::RelationName]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
/// assert_eq!(names(found.reads()), ["users", "shop.orders"]);
/// assert_eq!(names(found.writes()), ["users"]);
///
/// let hidden = relations("SELECT * FROM users WHERE allowed(id)").unwrap_err();
/// assert_eq!(hidden.to_string(), "allowed() is not known");
/// assert_eq!(names(hidden.seen().reads()), ["users"]);
/// # Ok::<(), forebay_sql::NotKnown>(())
/// ```
pub fn relations(sql: &str) -> Result<Relations, NotKnown> {
    let (found, doubt) = Text::new(Cursor::of(sql, Lexer::new(sql))).read();
    let Some(at) = doubt else { return found };
    // A string that would end elsewhere on a server whose standard_conforming_strings is off.
    let (other, _) = Text::new(Cursor::of(sql, Lexer::without_standard_strings(sql))).read();
    match (found, other) {
        (Ok(found), Ok(other)) if found == other => Ok(found),
        // What is never closed is refused as a whole.
        (Ok(found), Err(other)) if other.is_refused() => Ok(found),
        (Ok(seen), _) => Err(NotKnown::new(Hidden::Text(Reason::BackslashBeforeQuote { at }), seen)),
        (not_known, _) => not_known,
    }
}
