//! What holds of every text, for the property tests and the fuzz target.

use forebay_plan::{Exclusive, findings, read};

/// Check it of `text`.
pub(crate) fn holds(text: &str) {
    let Ok(plans) = read(text) else { return };
    for plan in plans {
        assert!(plan.line() >= 1 && plan.line() <= text.lines().count().max(1));
        let exclusive = Exclusive::of(&plan);
        let own: Vec<f64> = plan.nodes().iter().filter_map(|node| exclusive.time_ms(node)).collect();
        assert!(own.iter().all(|time| *time >= 0.0), "{own:?}");
        for node in plan.nodes() {
            assert!(plan.children(node).all(|child| child.parent() == Some(node.id())));
            let (_, _, _) = (node.title(), exclusive.cost(node), exclusive.buffers(node));
            let (_, _, _) = (node.misestimate(), node.hash(), node.sorts().count());
        }
        let (_, _) = (plan.is_generic(), plan.jit());
        for finding in findings(&plan) {
            assert!(finding.node < plan.nodes().len(), "{finding:?}");
            assert!(finding.saving.is_none_or(|saving| saving.amount().is_finite()), "{finding:?}");
        }
        let again = read(&plan.to_string()).expect("what was written is read");
        assert_eq!(again[0].nodes(), plan.nodes());
        assert_eq!(again[0].fields(), plan.fields());
    }
}
