//! Why a text is not a plain read.

use std::fmt;

use crate::builtin::Function;
use crate::catalog::Tie;
use crate::class::Kind;
use crate::token::Unterminated;

/// One thing in a text that keeps it from being a [`Kind::Read`]. `at` is the byte offset of the word, name or operator it names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are the offset and the name the variant speaks of")]
pub enum Reason {
    /// A statement that writes, or that a standby refuses: `INSERT`, `VACUUM`, `COPY … FROM`.
    Writes { verb: &'static str, at: usize },
    /// `FOR UPDATE`, `FOR NO KEY UPDATE`, `FOR SHARE` or `FOR KEY SHARE`.
    LocksRows { clause: &'static str, at: usize },
    /// `SELECT … INTO` makes a table.
    MakesTable { at: usize },
    /// A transaction is asked to be `SERIALIZABLE`, which no standby offers, whatever else it is.
    Serializable { at: usize },
    /// A transaction is asked to be `READ WRITE`.
    ReadWrite { at: usize },
    /// A transaction is begun and not ended in the same text: what follows belongs to the same session.
    LeavesTransactionOpen { at: usize },
    /// A transaction is ended, or a savepoint used, that was not begun in the same text.
    ContinuesTransaction { verb: &'static str, at: usize },
    /// A statement about the session: `SET`, `SHOW`, `PREPARE`, `LISTEN`, `FETCH`.
    Session { verb: &'static str, at: usize },
    /// `DO` and `CALL`: what their code does cannot be seen in the text.
    HiddenCode { verb: &'static str, at: usize },
    /// `COPY … TO` a file or program of the server.
    ServerFile { at: usize },
    /// A built-in function that is not free to run anywhere; `class` says why.
    Function { name: Box<str>, class: Function, at: usize },
    /// A function that is none of PostgreSQL's own: only the catalogue knows what it does.
    UnknownFunction { name: Box<str>, at: usize },
    /// A function of which the catalogue has a volatile overload; `why` says which one.
    VolatileFunction { name: Box<str>, why: Option<Box<str>>, at: usize },
    /// An operator of which the catalogue has one with a volatile function; `why` says which.
    VolatileOperator { name: Box<str>, why: Option<Box<str>>, at: usize },
    /// A type whose casts or checks call a volatile function; `why` says which.
    VolatileType { name: Box<str>, why: Option<Box<str>>, at: usize },
    /// A relation that is not read on any server, by the catalogue; `why` says what a view or policy does.
    Relation { name: Box<str>, tie: Tie, why: Option<Box<str>>, at: usize },
    /// A function or relation that the application wants on the primary.
    Listed { name: Box<str>, at: usize },
    /// An operator that is none of PostgreSQL's own.
    UnknownOperator { name: Box<str>, at: usize },
    /// A view that shows the server that answers: `pg_stat_activity`, `pg_locks`, `pg_settings`.
    ServerView { name: Box<str>, at: usize },
    /// A view or schema that belongs to the session: `pg_cursors`, `pg_temp`.
    SessionView { name: Box<str>, at: usize },
    /// A column every sequence has (`last_value`), or `pg_sequences`: sequences run ahead on a standby.
    Sequence { name: Box<str>, at: usize },
    /// A statement whose first word is not known.
    UnknownStatement { word: Box<str>, at: usize },
    /// Text that no rule of PostgreSQL's lexer matches in all versions, or a name written with Unicode escapes.
    NotUnderstood { text: Box<str>, at: usize },
    /// A string with a backslash before a quote: with `standard_conforming_strings = off` it ends elsewhere, and what follows it is
    /// no read.
    BackslashBeforeQuote { at: usize },
    /// A quote or comment that is never closed.
    Unterminated { what: Unterminated, at: usize },
}

impl Reason {
    /// The kind this reason asks for.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Writes { .. }
            | Self::LocksRows { .. }
            | Self::MakesTable { .. }
            | Self::Serializable { .. }
            | Self::ReadWrite { .. }
            | Self::Function { class: Function::Writes, .. } => Kind::Write,
            _ => Kind::Unproven,
        }
    }

    /// The byte offset in the text.
    #[must_use]
    pub const fn at(&self) -> usize {
        match self {
            Self::Writes { at, .. }
            | Self::LocksRows { at, .. }
            | Self::MakesTable { at }
            | Self::Serializable { at }
            | Self::ReadWrite { at }
            | Self::LeavesTransactionOpen { at }
            | Self::ContinuesTransaction { at, .. }
            | Self::Session { at, .. }
            | Self::HiddenCode { at, .. }
            | Self::ServerFile { at }
            | Self::Function { at, .. }
            | Self::UnknownFunction { at, .. }
            | Self::UnknownOperator { at, .. }
            | Self::VolatileFunction { at, .. }
            | Self::VolatileOperator { at, .. }
            | Self::VolatileType { at, .. }
            | Self::Relation { at, .. }
            | Self::Listed { at, .. }
            | Self::ServerView { at, .. }
            | Self::SessionView { at, .. }
            | Self::Sequence { at, .. }
            | Self::UnknownStatement { at, .. }
            | Self::NotUnderstood { at, .. }
            | Self::BackslashBeforeQuote { at }
            | Self::Unterminated { at, .. } => *at,
        }
    }

    /// A stable name for machines, such as `locks_rows`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Writes { .. } => "writes",
            Self::LocksRows { .. } => "locks_rows",
            Self::MakesTable { .. } => "makes_table",
            Self::Serializable { .. } => "serializable",
            Self::ReadWrite { .. } => "read_write",
            Self::LeavesTransactionOpen { .. } => "leaves_transaction_open",
            Self::ContinuesTransaction { .. } => "continues_transaction",
            Self::Session { .. } => "session",
            Self::HiddenCode { .. } => "hidden_code",
            Self::ServerFile { .. } => "server_file",
            Self::Function { class, .. } => match class {
                Function::Writes => "function_writes",
                Function::Session => "function_of_session",
                Function::RunsText => "function_runs_text",
                Function::Internal => "function_internal",
                Function::Server | Function::Reads | Function::Harmless => "function_of_server",
            },
            Self::UnknownFunction { .. } => "unknown_function",
            Self::UnknownOperator { .. } => "unknown_operator",
            Self::VolatileFunction { .. } => "volatile_function",
            Self::VolatileOperator { .. } => "volatile_operator",
            Self::VolatileType { .. } => "volatile_type",
            Self::Relation { .. } => "relation",
            Self::Listed { .. } => "listed",
            Self::ServerView { .. } => "server_view",
            Self::SessionView { .. } => "session_view",
            Self::Sequence { .. } => "sequence",
            Self::UnknownStatement { .. } => "unknown_statement",
            Self::NotUnderstood { .. } => "not_understood",
            Self::BackslashBeforeQuote { .. } => "backslash_before_quote",
            Self::Unterminated { .. } => "unterminated",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writes { verb, .. } => write!(f, "{verb} writes"),
            Self::LocksRows { clause, .. } => write!(f, "{clause} locks rows"),
            Self::MakesTable { .. } => f.write_str("INTO makes a table"),
            Self::Serializable { .. } => f.write_str("SERIALIZABLE needs the primary"),
            Self::ReadWrite { .. } => f.write_str("READ WRITE needs the primary"),
            Self::LeavesTransactionOpen { .. } => f.write_str("leaves its transaction open"),
            Self::ContinuesTransaction { verb, .. } => write!(f, "{verb} belongs to an earlier transaction"),
            Self::Session { verb, .. } => write!(f, "{verb} concerns the session"),
            Self::HiddenCode { verb, .. } => write!(f, "{verb} runs code the text does not show"),
            Self::ServerFile { .. } => f.write_str("COPY writes a file of the server"),
            Self::Function { name, class, .. } => write!(f, "{name}() {}", effect(*class)),
            Self::UnknownFunction { name, .. } => write!(f, "{name}() is not known"),
            Self::UnknownOperator { name, .. } => write!(f, "operator {name} is not known"),
            Self::VolatileFunction { name, why, .. } => {
                write!(f, "{name}() is volatile{}", Because(why.as_deref()))
            }
            Self::VolatileOperator { name, why, .. } => {
                write!(f, "operator {name} is volatile{}", Because(why.as_deref()))
            }
            Self::VolatileType { name, why, .. } => {
                write!(f, "type {name} calls a volatile function{}", Because(why.as_deref()))
            }
            Self::Relation { name, tie, why, .. } => {
                write!(f, "{name} {}{}", tie.phrase(), Because(why.as_deref()))
            }
            Self::Listed { name, .. } => write!(f, "{name} is listed for the primary"),
            Self::ServerView { name, .. } => write!(f, "{name} shows the server that answers"),
            Self::SessionView { name, .. } => write!(f, "{name} belongs to the session"),
            Self::Sequence { name, .. } => write!(f, "{name} reads a sequence"),
            Self::UnknownStatement { word, .. } => write!(f, "{word} begins no known statement"),
            Self::NotUnderstood { text, .. } => write!(f, "{text} is not understood"),
            Self::BackslashBeforeQuote { .. } => {
                f.write_str("a backslash before a quote depends on standard_conforming_strings")
            }
            Self::Unterminated { what, .. } => write!(f, "{} is never closed", what.name()),
        }
    }
}

/// The end of a sentence that says more, if there is more.
struct Because<'a>(Option<&'a str>);

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |why| write!(f, " ({why})"))
    }
}

/// The longest piece of a text a reason keeps, in bytes: names in PostgreSQL have at most 63.
const EXCERPT_BYTES_MAX: usize = 128;

/// A piece of a text, cut when it is longer than any name could be.
pub(crate) fn excerpt(text: &str) -> Box<str> {
    if text.len() <= EXCERPT_BYTES_MAX {
        return Box::from(text);
    }
    format!("{}…", &text[..text.floor_char_boundary(EXCERPT_BYTES_MAX)]).into_boxed_str()
}

/// What a call of that class does, as the end of a sentence.
const fn effect(class: Function) -> &'static str {
    match class {
        Function::Writes => "writes",
        Function::Session => "concerns the session",
        Function::RunsText => "runs SQL given as text",
        Function::Internal => "is for the server itself",
        Function::Server => "concerns one server",
        Function::Reads | Function::Harmless => "reads",
    }
}
