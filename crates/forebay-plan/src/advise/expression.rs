//! Conditions as `EXPLAIN` prints them, taken apart.

mod piece;

use forebay_sql::TokenKind;

pub(crate) use piece::{Piece, Pieces, identifier, quoted};

/// Something of one relation that an index could have as a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operand {
    /// What the plan calls the relation.
    pub(crate) alias: String,
    /// The column, where it is one (perhaps under a cast).
    pub(crate) column: Option<String>,
    /// The type it is cast to before it is compared.
    pub(crate) cast: Option<String>,
    /// The same as an index on the relation would spell it: columns without the relation's name.
    pub(crate) text: String,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Side {
    /// Of one relation.
    Key(Operand),
    /// The same for every row, and known.
    Constant(String),
    /// The same for every row, known only when the statement runs.
    Parameter,
    /// Of several relations.
    Mixed,
}

/// One of the conditions that must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    /// `left operator right`; `any` for `= ANY (…)`.
    Compare { left: Side, operator: String, right: Side, any: bool },
    /// `… IS [NOT] NULL`
    Null { operand: Operand, is_null: bool },
    /// A column that is true, or is not.
    Boolean { operand: Operand, value: bool },
    /// One of several lists must hold.
    Either(Vec<Vec<Conjunct>>),
    /// Not understood.
    Opaque,
}

/// One of the conditions that must all hold, and how an index's predicate would spell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conjunct {
    pub(crate) test: Test,
    /// Without the relation's name; none when it is about several, or depends on a parameter.
    pub(crate) predicate: Option<String>,
}

/// The conditions of an expression that must all hold. `is_alias` knows the plan's relations.
pub(crate) fn conjuncts(text: &str, is_alias: &dyn Fn(&str) -> bool) -> Vec<Conjunct> {
    let pieces = Pieces::of(text);
    let mut open = vec![pieces.whole()];
    let mut found = Vec::new();
    while let Some(piece) = open.pop() {
        let piece = piece.unwrapped();
        let parts = piece.split("AND");
        if parts.len() > 1 {
            open.extend(parts.into_iter().rev());
        } else if !piece.is_empty() {
            found.push(conjunct(piece, is_alias));
        }
    }
    found
}

fn conjunct(piece: Piece<'_>, is_alias: &dyn Fn(&str) -> bool) -> Conjunct {
    let predicate = match piece.aliases(is_alias).as_slice() {
        [alias] if !piece.has_parameter() => Some(piece.without_alias(alias)),
        _ => None,
    };
    Conjunct { test: test(piece, is_alias), predicate }
}

fn test(piece: Piece<'_>, is_alias: &dyn Fn(&str) -> bool) -> Test {
    let arms = piece.split("OR");
    if arms.len() > 1 {
        return Test::Either(arms.iter().map(|arm| conjuncts(arm.shown(), is_alias)).collect());
    }
    if let Some((rest, is_null)) = piece.null_test() {
        return match operand(rest, is_alias) {
            Some(operand) => Test::Null { operand, is_null },
            None => Test::Opaque,
        };
    }
    if let Some(rest) = piece.after("NOT") {
        return match operand(rest, is_alias).filter(|operand| operand.column.is_some()) {
            Some(operand) => Test::Boolean { operand, value: false },
            None => Test::Opaque,
        };
    }
    let Some((left, operator, right)) = piece.comparison() else {
        return match operand(piece, is_alias).filter(|operand| operand.column.is_some()) {
            Some(operand) => Test::Boolean { operand, value: true },
            None => Test::Opaque,
        };
    };
    let (right, any) = match right.after("ANY") {
        Some(list) => (list, true),
        None if right.after("ALL").is_some() => return Test::Opaque,
        None => (right, false),
    };
    Test::Compare {
        left: side(left, is_alias),
        operator: operator.to_owned(),
        right: side(right, is_alias),
        any,
    }
}

fn side(piece: Piece<'_>, is_alias: &dyn Fn(&str) -> bool) -> Side {
    let aliases = piece.aliases(is_alias);
    match aliases.len() {
        0 if piece.has_parameter() => Side::Parameter,
        0 => Side::Constant(piece.unwrapped().shown().to_owned()),
        1 if piece.has_parameter() => Side::Mixed,
        1 => operand(piece, is_alias).map_or(Side::Mixed, Side::Key),
        _ => Side::Mixed,
    }
}

/// What an index could have as a key: a column, a column under a cast, or an expression of one relation.
pub(crate) fn operand(piece: Piece<'_>, is_alias: &dyn Fn(&str) -> bool) -> Option<Operand> {
    let aliases = piece.aliases(is_alias);
    let [alias] = aliases.as_slice() else { return None };
    if piece.has_parameter() || piece.has("SubPlan") {
        return None;
    }
    let (core, cast) = piece.unwrapped().without_cast();
    let column = core.unwrapped().column(is_alias).map(|(_, column)| column);
    let text = match (&column, &cast) {
        (Some(column), None) => quoted(column),
        _ => piece.unwrapped().without_alias(alias),
    };
    Some(Operand { alias: alias.clone(), column, cast, text })
}

/// The columns of each relation that an expression names.
pub(crate) fn columns(text: &str, is_alias: &dyn Fn(&str) -> bool) -> Vec<(String, String)> {
    Pieces::of(text).whole().columns(is_alias)
}

/// A sort key: what it sorts by, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SortKey {
    pub(crate) operand: Operand,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

/// Reads `users.name DESC NULLS LAST`.
pub(crate) fn sort_key(text: &str, is_alias: &dyn Fn(&str) -> bool) -> Option<SortKey> {
    let pieces = Pieces::of(text);
    let mut piece = pieces.whole();
    let mut nulls = None;
    for (word, first) in [("FIRST", true), ("LAST", false)] {
        if let Some(rest) = piece.before(word).and_then(|rest| rest.before("NULLS")) {
            (piece, nulls) = (rest, Some(first));
        }
    }
    let descending = piece.before("DESC").inspect(|rest| piece = *rest).is_some();
    if piece.has("COLLATE") || piece.has("USING") {
        return None;
    }
    let operand = operand(piece, is_alias)?;
    Some(SortKey { operand, descending, nulls_first: nulls.unwrap_or(descending) })
}

/// The text before the first wildcard of a constant pattern: `'abc%'::text` has `abc`.
pub(crate) fn like_prefix(constant: &str) -> Option<String> {
    let pieces = Pieces::of(constant);
    let (core, _) = pieces.whole().unwrapped().without_cast();
    let literal = core.shown();
    let is_string = Pieces::of(literal).whole().kinds().eq([TokenKind::String]);
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    if !is_string {
        return None;
    }
    let prefix: String = inner.chars().take_while(|letter| !matches!(letter, '%' | '_' | '\\')).collect();
    Some(prefix)
}

#[cfg(test)]
mod tests {
    use super::{Side, Test, conjuncts, like_prefix, sort_key};

    fn is_alias(name: &str) -> bool {
        matches!(name, "o" | "c" | "Odd One")
    }

    fn tests(text: &str) -> Vec<Test> {
        conjuncts(text, &is_alias).into_iter().map(|conjunct| conjunct.test).collect()
    }

    fn key(side: &Side) -> &str {
        match side {
            Side::Key(operand) => &operand.text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn conditions_that_must_all_hold_are_told_apart() {
        let found = conjuncts("((o.a = 1) AND ((o.b)::text ~~ 'x%'::text) AND (o.gone IS NULL))", &is_alias);
        let predicates: Vec<_> = found.iter().filter_map(|found| found.predicate.as_deref()).collect();
        assert_eq!(predicates, ["a = 1", "(b)::text ~~ 'x%'::text", "gone IS NULL"]);
        let Test::Compare { left: Side::Key(left), operator, right: Side::Constant(right), any: false } =
            &found[1].test
        else {
            panic!("{found:?}");
        };
        assert_eq!((left.column.as_deref(), left.cast.as_deref()), (Some("b"), Some("text")));
        assert_eq!((operator.as_str(), like_prefix(right).as_deref()), ("~~", Some("x")));
        assert!(matches!(&found[2].test, Test::Null { is_null: true, .. }));
    }

    #[test]
    fn joins_lists_and_quoted_names() {
        let found = tests(
            "((o.customer = c.id) AND (\"Odd One\".\"a b\" = ANY ('{1,2}'::integer[])) AND (o.n = $1))",
        );
        let Test::Compare { left, right, .. } = &found[0] else { panic!("{found:?}") };
        assert_eq!((key(left), key(right)), ("customer", "id"));
        let Test::Compare { left, any: true, right: Side::Constant(_), .. } = &found[1] else {
            panic!("{found:?}")
        };
        assert_eq!(key(left), "\"a b\"");
        assert!(matches!(&found[2], Test::Compare { right: Side::Parameter, .. }));
    }

    #[test]
    fn what_may_hold_instead_and_what_is_true() {
        let found = tests("((o.a = 1) OR ((o.b = 2) AND o.live))");
        let Test::Either(arms) = &found[0] else { panic!("{found:?}") };
        assert_eq!(arms.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
        assert!(matches!(tests("o.live")[0], Test::Boolean { value: true, .. }));
        assert!(matches!(tests("(NOT o.live)")[0], Test::Boolean { value: false, .. }));
        assert!(matches!(tests("(NOT (SubPlan 1))")[0], Test::Opaque));
    }

    #[test]
    fn functions_of_a_column_are_keys_without_the_name() {
        let found = tests("(lower((o.name)::text) = 'x'::text)");
        let Test::Compare { left, .. } = &found[0] else { panic!("{found:?}") };
        assert_eq!(key(left), "lower((name)::text)");
        let schema = tests("(app.score(o.name) = 3)");
        let Test::Compare { left, .. } = &schema[0] else { panic!("{schema:?}") };
        assert_eq!(key(left), "app.score(name)");
    }

    #[test]
    fn sort_keys_have_a_direction() {
        let key = |text: &str| {
            let key = sort_key(text, &is_alias).expect("a key");
            (key.operand.text, key.descending, key.nulls_first)
        };
        assert_eq!(key("o.day DESC"), ("day".to_owned(), true, true));
        assert_eq!(key("o.day"), ("day".to_owned(), false, false));
        assert_eq!(key("o.day DESC NULLS LAST"), ("day".to_owned(), true, false));
        assert_eq!(sort_key("(sum(o.day + c.day))", &is_alias), None);
    }
}
