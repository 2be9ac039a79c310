//! A statement that got another plan for the same values.

use crate::{
    finding::{Confidence, Evidence, Finding, Kind, Saving, Severity, Unit},
    plan::Plan,
};
use serde::Serialize;

/// The same values got another plan than before.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Flip {
    /// What the planner expected the earlier plan to cost.
    pub cost_before: f64,
    /// What it expects of the plan that took its place.
    pub cost_now: f64,
    /// Where the two differ first, in a sentence without values.
    pub what: String,
}

/// A plan that is dearer by less than this part of its cost is as good as the earlier one: estimates waver by more from one `ANALYZE`
/// to the next.
const DEARER_SHARE_MIN: f64 = 0.1;

/// As for every finding: a cost below this is about a millisecond.
const DEARER_COST_MIN: f64 = 250.0;

impl Flip {
    pub(super) fn of(before: &Plan, after: &Plan) -> Self {
        let what = format!(
            "The same values got another plan: {} where it was {}.",
            first_difference(after, before),
            first_difference(before, after)
        );
        let cost = super::report::cost;
        Self { cost_before: cost(before), cost_now: cost(after), what }
    }

    /// A change for the worse is a finding; one for the better is what an index or fresh statistics are for.
    pub(super) fn finding(&self) -> Option<Finding> {
        let (was, is) = (self.cost_before, self.cost_now);
        let dearer = is - was;
        if !(dearer >= DEARER_COST_MIN && dearer >= is * DEARER_SHARE_MIN) {
            return None;
        }
        let advice = "Compare the two. An index that went, a setting, new statistics, or a table that grew past a point where another \
                      plan seems cheaper can be behind it; if calls became slower, look at the row estimates first.";
        Some(Finding {
            kind: Kind::PlanFlip,
            severity: Severity::of_share(dearer / is),
            node: 0,
            evidence: vec![
                Evidence::new("cost before", was, Unit::Cost),
                Evidence::new("cost now", is, Unit::Cost),
            ],
            saving: Some(Saving::Cost(dearer)),
            confidence: Confidence::High,
            what: self.what.clone(),
            advice: advice.to_owned(),
            explains: Vec::new(),
        })
    }
}

/// The first node of a plan that is not where it is in the other.
fn first_difference(plan: &Plan, other: &Plan) -> String {
    let theirs = other.nodes().iter().map(Some).chain(std::iter::repeat(None));
    let mut pairs = plan.nodes().iter().zip(theirs);
    let differs = pairs.find(|(node, their)| their.is_none_or(|their| their.title() != node.title()));
    differs.map_or_else(|| plan.root().title(), |(node, _)| node.title())
}

#[cfg(test)]
mod tests {
    use super::Flip;

    #[test]
    fn only_a_dearer_plan_is_a_finding() {
        let flip = |was, is| Flip { cost_before: was, cost_now: is, what: String::new() };
        assert!(flip(100.0, 1000.0).finding().is_some());
        for (was, is) in [(1000.0, 100.0), (1.0, 240.0), (10_000.0, 10_900.0), (1000.0, f64::NAN)] {
            assert_eq!(flip(was, is).finding(), None, "{was} to {is}");
        }
    }
}
