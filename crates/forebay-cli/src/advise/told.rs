//! Advice as text.

use forebay_plan::advise::{Advice, Gain, IndexAdvice, Outcome, Trouble};

use super::{came, shortened, size};
use crate::cli::one_line;

/// Statements shown of an index.
const GAINS_SHOWN: usize = 8;

/// The advice, to be read by people and, but for what stands behind `--`, by psql.
pub(super) fn tell(advice: &Advice, outcomes: &[Outcome]) -> String {
    let mut lines = vec![summary(advice)];
    for (at, index) in advice.indexes.iter().enumerate() {
        lines.push(String::new());
        lines.extend(tell_index(at + 1, index));
    }
    for index in &advice.unverified {
        lines.push(String::new());
        lines.extend(tell_unverified(index));
    }
    for trouble in &advice.troubles {
        lines.push(String::new());
        lines.extend(tell_trouble(trouble));
    }
    for outcome in outcomes {
        lines.push(String::new());
        lines.extend(came::tell(outcome));
    }
    for unseen in &advice.unseen {
        lines.push(String::new());
        lines.push(format!("-- not seen: {}", one_line(unseen)));
    }
    lines.join("\n")
}

fn summary(advice: &Advice) -> String {
    let planned = format!("-- {} plans, {} indexes thought of", advice.probes, advice.candidates);
    if advice.indexes.is_empty() {
        return format!("{planned}: none of them is worth making");
    }
    let bytes = advice.indexes.iter().map(|index| index.bytes).sum();
    format!(
        "{planned}: {} to make, {}; the workload's cost {:.0} → {:.0}",
        advice.indexes.len(),
        size::told(bytes),
        advice.cost_before,
        advice.cost_after
    )
}

fn tell_index(number: usize, index: &IndexAdvice) -> Vec<String> {
    let mut lines =
        vec![format!("-- {number}. {} on {}.{} [{}]", index.name, index.schema, index.table, index.id)];
    lines.extend(index.ddl.iter().map(|statement| format!("{statement};")));
    lines.push(format!("--    {}", index.confidence.words()));
    lines.push(format!(
        "--    size {}, saves {:.0}, costs writes {:.0}",
        size::told(index.bytes),
        index.benefit,
        index.write_cost
    ));
    lines.extend(index.evidence.iter().map(|evidence| format!("--    {}", one_line(evidence))));
    if !index.replaces.is_empty() {
        lines.push(format!("--    makes needless: {}", one_line(&index.replaces.join(", "))));
    }
    lines.extend(index.gains.iter().take(GAINS_SHOWN).map(tell_gain));
    if index.gains.len() > GAINS_SHOWN {
        lines.push(format!("--    and {} more statements", index.gains.len() - GAINS_SHOWN));
    }
    lines.push(format!("--    if a build fails, first: {};", index.clean_up));
    lines
}

/// Not as statements that psql would run: it has to be tried first.
fn tell_unverified(index: &IndexAdvice) -> Vec<String> {
    let mut lines =
        vec![format!("-- to consider: {} on {}.{}", index.definition.sql(), index.schema, index.table)];
    lines.push(format!("--    {}", index.confidence.words()));
    lines.extend(index.evidence.iter().map(|evidence| format!("--    {}", one_line(evidence))));
    lines.extend(index.gains.iter().take(GAINS_SHOWN).map(|gain| {
        let place = gain.line.map_or(String::new(), |line| format!("line {line}: "));
        format!("--    for {place}{}", one_line(&shortened(&gain.statement)))
    }));
    lines
}

fn tell_gain(gain: &Gain) -> String {
    let place = gain.line.map_or(String::new(), |line| format!("line {line}, "));
    let measured = gain.mean_ms.map_or(String::new(), |ms| format!(", {ms:.1} ms so far"));
    format!(
        "--    {:.0} → {:.0} ({place}weight {:.0}{measured}): {}",
        gain.cost_before,
        gain.cost_after,
        gain.weight,
        one_line(&shortened(&gain.statement))
    )
}

fn tell_trouble(trouble: &Trouble) -> Vec<String> {
    let mut lines = vec![format!("-- {}: {}", trouble.kind, one_line(&trouble.what))];
    lines.extend(trouble.ddl.iter().map(|statement| format!("{statement};")));
    lines
}
