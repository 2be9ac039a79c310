//! The table of built-in functions, read from `functions.txt` by the compiler.

use crate::names::Names;

/// What calling a built-in function means for the choice of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Function {
    /// It reads nothing but its arguments and replicated data.
    Reads,
    /// It is volatile, but any server may answer: `random`, `clock_timestamp`, `pg_sleep`.
    Harmless,
    /// It writes, or a standby refuses it because it would: `nextval`, `lo_unlink`, `pg_notify`.
    Writes,
    /// It concerns one server: locks, slots, statistics, files, log positions, processes.
    Server,
    /// It concerns one session or its transaction: `currval`, `set_config`, `pg_backend_pid`.
    Session,
    /// It runs SQL that is given to it as text: `query_to_xml`.
    RunsText,
    /// Only the server itself calls it: triggers, handlers, validators.
    Internal,
}

const TEXT: &str = include_str!("functions.txt");
const COUNT: usize = count();
const LIST: ([&str; COUNT], [Function; COUNT]) = parse();
static NAMES: [&str; COUNT] = LIST.0;
static CLASSES: [Function; COUNT] = LIST.1;
static TABLE: Names<8192> = Names::index(&LIST.0);

/// The class of `name`, whose letters are folded unless it was `quoted`; `None` when pg_catalog has no such function.
#[inline]
pub(crate) fn find(name: &str, quoted: bool) -> Option<Function> {
    let at = if quoted { TABLE.find_exact(&NAMES, name) } else { TABLE.find_folded(&NAMES, name) };
    at.map(|at| CLASSES[at])
}

/// What the built-in function `name` (as pg_catalog spells it) does, or `None` when PostgreSQL 14 to 18 have none of that name.
/// Names of built-in types count too, because a type's name can be called as a cast.
///
/// ```
/// use forebay_sql::{Function, builtin_function};
///
/// assert_eq!(builtin_function("nextval"), Some(Function::Writes));
/// assert_eq!(builtin_function("lower"), Some(Function::Reads));
/// assert_eq!(builtin_function("my_function"), None);
/// ```
#[must_use]
pub fn builtin_function(name: &str) -> Option<Function> {
    find(name, true)
}

/// The number of lines that name a function.
const fn count() -> usize {
    let bytes = TEXT.as_bytes();
    let mut count = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'\n' && at + 1 < bytes.len() && bytes[at + 1] != b'#' {
            count += 1;
        }
        at += 1;
    }
    count
}

const fn parse() -> ([&'static str; COUNT], [Function; COUNT]) {
    let mut names = [""; COUNT];
    let mut classes = [Function::Reads; COUNT];
    let mut rest = TEXT;
    let mut filled = 0;
    while !rest.is_empty() {
        let mut end = 0;
        while rest.as_bytes()[end] != b'\n' {
            end += 1;
        }
        let (line, behind) = rest.split_at(end);
        if line.as_bytes()[0] != b'#' {
            classes[filled] = class(line.as_bytes()[0]);
            names[filled] = line.split_at(2).1;
            filled += 1;
        }
        rest = behind.split_at(1).1;
    }
    (names, classes)
}

const fn class(letter: u8) -> Function {
    match letter {
        b'r' => Function::Reads,
        b'h' => Function::Harmless,
        b'w' => Function::Writes,
        b'n' => Function::Server,
        b's' => Function::Session,
        b't' => Function::RunsText,
        b'x' => Function::Internal,
        _ => panic!("functions.txt: a line does not begin with a class letter"),
    }
}
