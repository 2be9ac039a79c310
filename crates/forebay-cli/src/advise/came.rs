//! What came of earlier advice, as text.

use forebay_plan::advise::{Measured, Outcome, PerCall, State};

use super::{shortened, size};
use crate::cli::one_line;

/// One outcome, in lines that psql does not run.
pub(super) fn tell(outcome: &Outcome) -> Vec<String> {
    let mut lines = vec![format!(
        "-- ledger: {} on {}.{} [{}]: {}",
        one_line(&outcome.index),
        outcome.schema,
        outcome.table,
        outcome.id,
        state(outcome)
    )];
    lines.extend(outcome.statements.iter().map(statement));
    lines.extend(
        outcome.wrong.iter().map(|wrong| format!("--    wrong prediction: {}", one_line(&shortened(wrong)))),
    );
    lines.extend(outcome.unused.iter().map(|unused| format!("--    {}", one_line(unused))));
    lines.extend(outcome.drop.iter().map(|drop| format!("--    {drop};")));
    lines
}

fn state(outcome: &Outcome) -> String {
    match (outcome.state, outcome.bytes) {
        (State::Made, Some(bytes)) => format!(
            "made; {} ({} predicted), {} scans, {} of the table since",
            size::told(bytes),
            size::told(outcome.bytes_predicted),
            outcome.scans.unwrap_or(0),
            outcome.table_scans.unwrap_or(0)
        ),
        (State::Invalid, _) => "its build failed".to_owned(),
        (State::Gone, _) => "made, and gone again".to_owned(),
        _ => "not made yet".to_owned(),
    }
}

fn statement(measured: &Measured) -> String {
    let cost = measured.cost_now.map_or_else(|| "not asked".to_owned(), |cost| format!("{cost:.0}"));
    let ratio =
        measured.gain_ratio.map_or(String::new(), |ratio| format!(", gain predicted ÷ measured {ratio:.2}"));
    let mixed = if measured.is_mixed { ", perhaps some before it was made" } else { "" };
    let calls = match (&measured.before, &measured.after) {
        (Some(before), Some(after)) => format!("; {} → {}{mixed}", per_call(before), per_call(after)),
        (None, Some(after)) => format!("; {}{mixed}", per_call(after)),
        _ => String::new(),
    };
    format!(
        "--    cost {:.0} → {cost} ({:.0} predicted{ratio}){calls}: {}",
        measured.cost_before,
        measured.cost_predicted,
        one_line(&shortened(&measured.statement))
    )
}

fn per_call(calls: &PerCall) -> String {
    format!("{:.2} ms and {:.0} blocks in {} calls", calls.mean_ms, calls.blocks, calls.calls)
}
