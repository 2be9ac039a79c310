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
const LIST: List = List::parse();
static NAMES: [&str; COUNT] = LIST.names;
static CLASSES: [Function; COUNT] = LIST.classes;
static VERSIONS: [Versions; COUNT] = LIST.versions;
static TABLE: Names<8192> = Names::index(&LIST.names);

/// The first and the last major version that have a function; 0 and 255 stand for "from the beginning" and "to this day".
type Versions = (u8, u8);

/// The class of `name`, whose letters are folded unless it was `quoted`; `None` when pg_catalog has no such function.
#[inline]
pub(crate) fn find(name: &str, quoted: bool) -> Option<Function> {
    position(name, quoted).map(|at| CLASSES[at])
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

/// What the built-in function `name` does in PostgreSQL `major`, or `None` when that version has none of that name; a server younger
/// than 18 is taken to have what 18 has.
///
/// ```
/// use forebay_sql::builtin_function_in;
///
/// assert!(builtin_function_in("uuidv7", 18).is_some());
/// assert!(builtin_function_in("uuidv7", 15).is_none(), "whoever calls it there calls a function of their own");
/// ```
#[must_use]
pub fn builtin_function_in(name: &str, major: u8) -> Option<Function> {
    find_in(name, true, major)
}

/// [`find`], of one major version.
pub(crate) fn find_in(name: &str, quoted: bool, major: u8) -> Option<Function> {
    let at = position(name, quoted)?;
    let (first, last) = VERSIONS[at];
    (first <= major && major <= last).then(|| CLASSES[at])
}

#[inline]
fn position(name: &str, quoted: bool) -> Option<usize> {
    if quoted { TABLE.find_exact(&NAMES, name) } else { TABLE.find_folded(&NAMES, name) }
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

/// The lines of the file, taken apart.
struct List {
    names: [&'static str; COUNT],
    classes: [Function; COUNT],
    versions: [Versions; COUNT],
}

impl List {
    const fn parse() -> Self {
        let mut list =
            Self { names: [""; COUNT], classes: [Function::Reads; COUNT], versions: [(0, u8::MAX); COUNT] };
        let mut rest = TEXT;
        let mut filled = 0;
        while !rest.is_empty() {
            let (line, behind) = rest.split_at(position_of(rest, b'\n'));
            if line.as_bytes()[0] != b'#' {
                list.classes[filled] = class(line.as_bytes()[0]);
                let name = line.split_at(2).1;
                let (name, range) = name.split_at(position_of(name, b' '));
                list.names[filled] = name;
                list.versions[filled] = versions(range.as_bytes());
                filled += 1;
            }
            rest = behind.split_at(1).1;
        }
        list
    }
}

/// Where `byte` stands in a text, or the text's length.
const fn position_of(text: &str, byte: u8) -> usize {
    let mut at = 0;
    while at < text.len() && text.as_bytes()[at] != byte {
        at += 1;
    }
    at
}

/// `16-`, `-14` with the space before it, or nothing.
const fn versions(range: &[u8]) -> Versions {
    match range {
        [] => (0, u8::MAX),
        [b' ', tens, ones, b'-'] => (number(*tens, *ones), u8::MAX),
        [b' ', b'-', tens, ones] => (0, number(*tens, *ones)),
        _ => panic!("functions.txt: versions are neither `16-` nor `-14`"),
    }
}

const fn number(tens: u8, ones: u8) -> u8 {
    assert!(tens.is_ascii_digit() && ones.is_ascii_digit(), "functions.txt: a version is no number");
    (tens - b'0') * 10 + ones - b'0'
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
