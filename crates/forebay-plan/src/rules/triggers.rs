//! Triggers took a large part of the time.

use super::Rule;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count, milliseconds, percent};
use crate::node::Node;
use crate::statement::Trigger;

/// A trigger does something one wanted; it is a finding where it takes this part of the statement.
const SHARE_MIN: f64 = 0.3;

/// Looking a foreign key's row up by its index takes about ten microseconds: a check that takes five times that has no index, or other
/// trouble.
const CHECK_MS_MIN: f64 = 0.05;

pub(super) struct Triggers;

impl Rule for Triggers {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if node.parent().is_some() || !scene.is_timed() || scene.whole() <= 0.0 {
            return None;
        }
        let time = |trigger: &Trigger<'_>| trigger.total_ms.unwrap_or(0.0).max(0.0);
        let dearest = scene.plan.triggers().reduce(|a, b| if time(&b) > time(&a) { b } else { a })?;
        let (took, calls) = (time(&dearest), dearest.calls.max(1) as f64);
        let share = (took / scene.whole()).min(1.0);
        // A foreign key's trigger has a constraint and, without VERBOSE, no name; with it, one that PostgreSQL gave.
        let is_check = dearest.constraint.is_some();
        if share < SHARE_MIN || (is_check && took / calls < CHECK_MS_MIN) {
            return None;
        }
        let name = dearest.constraint.or(dearest.name).unwrap_or("a trigger");
        let what = format!(
            "the trigger of {name} took {} in {} calls, {} of the statement",
            milliseconds(took),
            count(calls),
            percent(share)
        );
        let advice = if is_check {
            "A foreign key looks for rows that refer to those that are deleted or changed: it needs an index on the referring columns, which \
             PostgreSQL does not make by itself."
        } else {
            "What the trigger does for each row is worth its own EXPLAIN (auto_explain.log_nested_statements shows it). For many rows at once a \
             trigger FOR EACH STATEMENT with transition tables does it in one go; a WHEN condition keeps it from rows it does not concern."
        };
        let suspicion = Suspicion::new(Kind::TriggerTime, node, what, advice)
            .saving(took)
            .confidence(if is_check { Confidence::High } else { Confidence::Medium })
            .evidence("trigger", took, Unit::Ms)
            .evidence("calls", calls, Unit::Count);
        Some(suspicion)
    }
}
