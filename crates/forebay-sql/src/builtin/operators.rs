//! The operators of pg_catalog, from `pg_operator` of PostgreSQL 14 to 18.

use crate::names::Names;

/// `!=` is no entry of the catalogue: the parser turns it into `<>`.
const OPERATORS: &[&str] = &[
    "!!", "!=", "!~", "!~*", "!~~", "!~~*", "#", "##", "#-", "#>", "#>>", "%", "&", "&&", "&<", "&<|", "&>",
    "*", "*<", "*<=", "*<>", "*=", "*>", "*>=", "+", "-", "->", "->>", "-|-", "/", "<", "<->", "<<", "<<=",
    "<<|", "<=", "<>", "<@", "<^", "=", ">", ">=", ">>", ">>=", ">^", "?", "?#", "?&", "?-", "?-|", "?|",
    "?||", "@", "@-@", "@>", "@?", "@@", "@@@", "^", "^@", "|", "|&>", "|/", "|>>", "||", "||/", "~", "~*",
    "~<=~", "~<~", "~=", "~>=~", "~>~", "~~", "~~*",
];

static TABLE: Names<512> = Names::index(OPERATORS);

/// Whether pg_catalog has an operator of this name, for any types.
pub(crate) fn is_builtin(operator: &str) -> bool {
    // Arithmetic and comparison make up nearly all operators of nearly all statements.
    matches!(operator, "=" | "*" | "+" | "-" | "/" | "<" | ">")
        || TABLE.find_exact(OPERATORS, operator).is_some()
}
