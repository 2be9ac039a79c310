//! Which conditions a scan could look up.

use super::{Fixed, Request, Scans, Search};
use crate::advise::expression::{Conjunct, Operand, Side, Test, like_prefix};

/// Where conditions stand that hold for the rows of a base relation.
const KEYS: [&str; 6] = ["Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter"];

impl Scans<'_> {
    pub(super) fn read_conditions(&mut self) {
        let plan = self.plan;
        for node in plan.nodes() {
            let scans = super::SCANS.contains(&node.node_type());
            let joins = matches!(node.node_type(), "Hash Join" | "Merge Join" | "Nested Loop");
            for (key, text) in node.conditions() {
                // A filter above a join or an aggregate is about what came out of it.
                if KEYS.contains(&key) && (scans || (joins && key != "Filter")) {
                    for conjunct in self.conjuncts(text) {
                        self.note(&conjunct, true);
                    }
                }
            }
        }
    }

    fn note(&mut self, conjunct: &Conjunct, must_hold: bool) {
        match &conjunct.test {
            Test::Compare { left, operator, right, any } => {
                self.compare(left, operator, right, *any);
                self.compare(right, commuted(operator), left, *any);
            }
            Test::Null { operand, is_null: true } => self.add(operand, |request| &mut request.equality),
            Test::Boolean { operand, .. } => self.add(operand, |request| &mut request.equality),
            // Each of them may be looked up by itself, and the rows found put together.
            Test::Either(arms) => {
                for conjunct in arms.iter().flatten() {
                    self.note(conjunct, false);
                }
            }
            Test::Null { .. } | Test::Opaque => {}
        }
        if must_hold {
            self.fix(conjunct);
        }
    }

    fn compare(&mut self, side: &Side, operator: &str, other: &Side, any: bool) {
        let Side::Key(operand) = side else { return };
        let known = matches!(other, Side::Constant(_) | Side::Parameter);
        let joined = matches!(other, Side::Key(other) if other.alias != operand.alias);
        match operator {
            "=" if known => self.add(operand, |request| &mut request.equality),
            "=" if joined => self.add(operand, |request| &mut request.joins),
            "<" | "<=" | ">" | ">=" if known && !any => self.add(operand, |request| &mut request.range),
            "~~" if !any => match other {
                Side::Constant(pattern) if like_prefix(pattern).is_some_and(|prefix| !prefix.is_empty()) => {
                    self.add(operand, |request| &mut request.prefixes);
                }
                Side::Constant(_) => self.search(operand, Search::Trigrams),
                _ => {}
            },
            "~~*" | "~" | "~*" if known => self.search(operand, Search::Trigrams),
            "@>" | "<@" | "&&" | "?" | "?|" | "?&" | "@@" if known => self.search(operand, Search::Elements),
            _ => {}
        }
    }

    fn add(&mut self, operand: &Operand, list: impl Fn(&mut Request) -> &mut Vec<Operand>) {
        if let Some(request) = self.request(&operand.alias) {
            let list = list(request);
            if !list.iter().any(|known| known.text == operand.text) {
                list.push(operand.clone());
            }
        }
    }

    fn search(&mut self, operand: &Operand, search: Search) {
        if let Some(request) = self.request(&operand.alias) {
            request.searches.push((operand.clone(), search));
        }
    }

    fn fix(&mut self, conjunct: &Conjunct) {
        let (operand, is_state) = match &conjunct.test {
            Test::Null { operand, .. } | Test::Boolean { operand, .. } => (operand, true),
            Test::Compare { left: Side::Key(operand), operator, right: Side::Constant(_), any: false }
                if operator == "=" =>
            {
                (operand, false)
            }
            _ => return,
        };
        let (Some(predicate), alias) = (conjunct.predicate.clone(), operand.alias.clone()) else { return };
        let column = operand.column.clone();
        if let Some(request) = self.request(&alias)
            && !request.fixed.iter().any(|fixed| fixed.predicate == predicate)
        {
            request.fixed.push(Fixed { predicate, column, is_state });
        }
    }
}

/// The operator with its sides exchanged; nothing that is compared by it for those that have none.
fn commuted(operator: &str) -> &str {
    match operator {
        "=" => "=",
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        _ => "",
    }
}
