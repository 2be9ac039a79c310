//! Understand one SQL text without a server.
//!
//! - [`classify`] decides from the text alone whether any server may run it, with the reasons: [`Kind::Read`] may go to a replica,
//!   everything else belongs on the primary.
//! - [`classify_with`] adds a snapshot of the catalogue ([`Catalog`]), which knows the database's own functions, views and tables, and what
//!   the application says itself ([`AllowList`]).
//! - [`relations`] names what a text reads and writes, or what hides it.
//! - [`fingerprint`] and [`normalize`] recognise the same statement with other values.
//! - [`Classifier`] remembers both for texts seen before, within a bound of memory, at about the cost of a look-up.
//! - [`Lexer`] cuts a text into tokens by PostgreSQL's rules, [`statements`] a script into statements.
//!
//! ```
//! use forebay_sql::{Classifier, Kind};
//!
//! let classifier = Classifier::default();
//! let statement = classifier.statement("SELECT nextval('orders_id_seq')");
//! assert_eq!(statement.kind(), Kind::Write);
//! for reason in statement.class().reasons() {
//!     println!("{reason}, at byte {}", reason.at());
//! }
//! ```
//!
//! # Why not a parser
//!
//! A parser either understands a text or fails, and what fails has to be sent somewhere. The lexer here understands every text, and
//! the pass over its tokens knows the few places of PostgreSQL's grammar where a write, a lock or a call can stand, in every version
//! from 14 to 18. What it does not recognise is [`Kind::Unproven`]. No function of this crate fails, recurses on its input, or takes
//! more than linear time.
//!
//! # What a standby does not refuse
//!
//! A standby refuses most writes, but runs others without complaint, on the wrong server: advisory locks, `SET`, `set_config`,
//! replication slots, `pg_terminate_backend`, statistics views, sequences read by `SELECT`. Only the text can keep these away from it,
//! so the built-in functions and views are sorted by hand into those any server may run and those bound to one server or session
//! ([`builtin_function`], and [`builtin_function_in`] for one version).
//!
//! # Errors and limits
//!
//! What no text can show is listed at [`classify`] and [`relations`]. Of one text at most [`Class::REASONS_MAX`] reasons are kept;
//! [`Classifier`] is bounded by memory; everything else takes memory in proportion to the text it is given.

mod builtin;
mod catalog;
mod class;
mod classifier;
mod classify;
mod cursor;
mod extent;
mod fingerprint;
mod keyword;
mod lexer;
mod names;
mod normalize;
mod reason;
mod relations;
mod statements;
mod token;

pub use builtin::{Function, builtin_function, builtin_function_in};
pub use catalog::{
    AllowList, Catalog, CatalogBuilder, Tie, Volatility, classify_with, queries as catalog_queries,
};
pub use class::{Class, Kind};
pub use classifier::{Classifier, Statement};
pub use classify::classify;
pub use fingerprint::{Fingerprint, fingerprint};
pub use keyword::{Category, Keyword};
pub use lexer::Lexer;
pub use normalize::normalize;
pub use reason::Reason;
pub use relations::{Hidden, NotKnown, RelationName, Relations, relations};
pub use statements::statements;
pub use token::{Token, TokenKind, Unterminated};
