//! What a statement writes.

use std::collections::HashSet;

use forebay_sql::{Lexer, Token, TokenKind};

use super::expression::identifier;
use super::tables::Tables;
use super::write_cost::{Update, Writes};
use crate::plan::Plan;

/// Adds what one statement writes, by its plan, to what the workload writes to each table.
pub(crate) fn writes(plan: &Plan, sql: &str, weight: f64, tables: &Tables, all: &mut [Writes]) {
    for node in plan.nodes().iter().filter(|node| node.node_type() == "ModifyTable") {
        let known = node.relation().and_then(|name| tables.find(node.schema(), name));
        let Some(table) = known else { continue };
        let below: f64 = plan
            .children(node)
            .filter(|child| !child.is_subplan())
            .filter_map(|child| child.plan_rows())
            .sum();
        let rows = below.max(1.0) * weight;
        match node.operation() {
            Some("Insert") => all[table].inserted += rows,
            Some("Delete") => all[table].deleted += rows,
            Some("Update" | "Merge") => all[table].updates.push(Update { rows, columns: columns_set(sql) }),
            _ => {}
        }
    }
}

/// The columns of `UPDATE … SET a = …, (b, c) = …`; none when the text does not show them.
fn columns_set(sql: &str) -> Option<HashSet<String>> {
    let tokens: Vec<Token> = Lexer::new(sql).filter(|token| !token.is_trivia()).collect();
    let is = |token: &Token, word: &str| {
        matches!(token.kind, TokenKind::Keyword(_)) && token.text(sql).eq_ignore_ascii_case(word)
    };
    let start = tokens.iter().position(|token| is(token, "SET"))? + 1;
    let mut columns = HashSet::new();
    let (mut depth, mut is_target) = (0_i32, true);
    for token in &tokens[start..] {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth -= 1,
            TokenKind::Comma if depth == 0 => is_target = true,
            TokenKind::Operator if depth == 0 && token.text(sql) == "=" => is_target = false,
            _ if depth <= 0 && ["WHERE", "FROM", "RETURNING"].iter().any(|word| is(token, word)) => break,
            _ if is_target => columns.extend(identifier(token, sql)),
            _ => {}
        }
        if depth < 0 {
            break;
        }
    }
    (!columns.is_empty()).then_some(columns)
}

#[cfg(test)]
mod tests {
    use super::columns_set;

    #[test]
    fn columns_that_are_set_are_those_left_of_the_signs() {
        let set = |sql: &str| {
            let mut columns: Vec<_> = columns_set(sql).unwrap_or_default().into_iter().collect();
            columns.sort();
            columns.join(" ")
        };
        assert_eq!(set("UPDATE t SET a = b + (SELECT max(c) FROM u), \"D e\" = 1 WHERE f = 2"), "D e a");
        assert_eq!(set("UPDATE t SET (a, b) = (c, d), e = 1 FROM u"), "a b e");
        assert_eq!(set("DELETE FROM t"), "");
    }
}
