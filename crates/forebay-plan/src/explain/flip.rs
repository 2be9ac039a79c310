//! A statement that got another plan for the same values.

use crate::{
    finding::{Confidence, Evidence, Finding, Kind, Saving, Severity, Unit},
    plan::Plan,
};

/// What the finding says of a plan that took another's place.
pub(super) fn finding(before: &Plan, after: &Plan) -> Finding {
    let cost = |plan: &Plan| plan.root().fields().number("Total Cost").unwrap_or(0.0);
    let (was, is) = (cost(before), cost(after));
    let dearer = (is - was).max(0.0);
    let what = format!(
        "The same values got another plan: {} where it was {}.",
        first_difference(after, before),
        first_difference(before, after)
    );
    let advice = "Compare the two. New statistics, an index that came or went, a setting, or a table that grew past a point \
                  where another plan seems cheaper can be behind it; if calls became slower, look at the row estimates first.";
    Finding {
        kind: Kind::PlanFlip,
        severity: Severity::of_share(if is > 0.0 { dearer / is } else { 0.0 }),
        node: 0,
        evidence: vec![
            Evidence::new("cost before", was, Unit::Cost),
            Evidence::new("cost now", is, Unit::Cost),
        ],
        saving: (dearer > 0.0).then_some(Saving::Cost(dearer)),
        confidence: Confidence::High,
        what,
        advice: advice.to_owned(),
        explains: Vec::new(),
    }
}

/// The first node of a plan that is not where it is in the other.
fn first_difference(plan: &Plan, other: &Plan) -> String {
    let theirs = other.nodes().iter().map(Some).chain(std::iter::repeat(None));
    let mut pairs = plan.nodes().iter().zip(theirs);
    let differs = pairs.find(|(node, their)| their.is_none_or(|their| their.title() != node.title()));
    differs.map_or_else(|| plan.root().title(), |(node, _)| node.title())
}
