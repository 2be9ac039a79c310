//! Plans without values.

use crate::{json::Value, plan::Plan};
use forebay_sql::{Lexer, TokenKind, Unterminated};

/// Takes the values out of a plan: literals in its conditions, lists and calls become `$?`. Names, numbers of rows and settings stay.
pub(super) fn redact(plan: &mut Plan) {
    for node in &mut plan.nodes {
        // Names are no expressions; `InitPlan 1 (returns $0)` is one as well.
        let expressions = node.fields.values_mut().filter(|(key, _)| !key.ends_with(" Name"));
        expressions.for_each(|(_, value)| value_without_literals(value));
    }
    plan.fields.take("Query Text");
    plan.fields.take("Query Parameters");
}

fn value_without_literals(value: &mut Value) {
    match value {
        Value::Text(text) => *text = without_literals(text),
        Value::List(values) => values.iter_mut().for_each(value_without_literals),
        _ => {}
    }
}

/// The expression with `$?` for each literal.
fn without_literals(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    for token in Lexer::new(expression) {
        match token.kind {
            TokenKind::String
            | TokenKind::BitString
            | TokenKind::Number
            | TokenKind::Unknown
            | TokenKind::Unterminated(Unterminated::String | Unterminated::DollarString) => {
                out.push_str("$?");
            }
            _ => out.push_str(token.text(expression)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_left() {
        let mut plans = crate::read(
            "Index Scan using t_2_pkey on t_2  (cost=0.00..5.00 rows=80 width=8)\n  \
               Index Cond: ((name = 'geheim'::text) AND (n > '-12'::integer))\n  \
               Filter: ((kind = ANY ('{geheim,7}'::text[])) AND (price < 12.5) AND (a = $1))\n",
        )
        .unwrap();
        redact(&mut plans[0]);
        let node = plans[0].root();
        assert_eq!(node.index_cond(), Some("((name = $?::text) AND (n > $?::integer))"));
        assert_eq!(node.filter(), Some("((kind = ANY ($?::text[])) AND (price < $?) AND (a = $1))"));
        assert_eq!((node.index(), node.relation()), (Some("t_2_pkey"), Some("t_2")));
    }
}
