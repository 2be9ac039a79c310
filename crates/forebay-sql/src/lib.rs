//! Understand one SQL text without a server: may a replica run it, and which texts are the same statement.

mod builtin;
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
mod statements;
mod token;

pub use builtin::{Function, builtin_function};
pub use class::{Class, Kind};
pub use classifier::{Classifier, Statement};
pub use classify::classify;
pub use fingerprint::{Fingerprint, fingerprint};
pub use keyword::{Category, Keyword};
pub use lexer::Lexer;
pub use normalize::normalize;
pub use reason::Reason;
pub use statements::statements;
pub use token::{Token, TokenKind, Unterminated};
