//! A plan as a tree of lines.

use std::fmt::Write as _;

use super::answer::Answer;
use super::node::NodeAnswer;
use crate::cli::one_line;

/// How much of a condition is shown.
const CONDITION_CHARS: usize = 120;

/// The width of everything before the tree.
const COLUMNS: usize = 2 + 12 + 9 + 12 + 18 + 10 + 2;

/// The lines of a plan, without a line end behind the last.
pub(super) fn draw(answer: &Answer<'_>) -> String {
    let own = if answer.total_ms.is_some() { "self, ms" } else { "self, cost" };
    let mut text = heading(answer);
    let _ = write!(text, "\n  {own:>12}{:>9}{:>12}{:>18}{:>10}  node", "share", "rows", "expected", "blocks");
    let branches = branches(answer);
    for (node, branch) in answer.nodes.iter().zip(&branches) {
        line(&mut text, answer, node, branch);
    }
    for trigger in &answer.triggers {
        let name = trigger.name.or(trigger.constraint).unwrap_or("of a constraint");
        let time = trigger.total_ms.map_or_else(String::new, |ms| format!(" {ms:.3} ms in"));
        let _ = write!(text, "\ntrigger {}:{time} {} calls", one_line(name), trigger.calls);
    }
    if let Some(jit) = &answer.jit {
        let time = jit.total_ms.map_or_else(String::new, |ms| format!(": {ms:.3} ms"));
        let _ = write!(text, "\nJIT of {} functions{time}", jit.functions);
    }
    text
}

fn heading(answer: &Answer<'_>) -> String {
    let mut parts = vec![format!("plan in line {}", answer.line)];
    parts.extend(answer.execution_ms.map(|ms| format!("run in {ms:.3} ms")));
    parts.extend(answer.planning_ms.map(|ms| format!("planned in {ms:.3} ms")));
    if !answer.analyzed {
        parts.push("not run: estimates only".to_owned());
    }
    if answer.generic {
        parts.push("generic, for any parameters".to_owned());
    }
    parts.extend(answer.query.map(shortened));
    parts.join(", ")
}

/// What is drawn before each node, and before what is told below it.
struct Branch {
    node: String,
    below: String,
}

fn branches(answer: &Answer<'_>) -> Vec<Branch> {
    let mut last_child = vec![0; answer.nodes.len()];
    for node in &answer.nodes {
        if let Some(parent) = node.parent {
            last_child[parent] = node.id;
        }
    }
    let mut branches: Vec<Branch> = Vec::with_capacity(answer.nodes.len());
    for node in &answer.nodes {
        let branch = match node.parent {
            None => Branch { node: String::new(), below: String::new() },
            Some(parent) => {
                let above = &branches[parent].below;
                let (at, below) =
                    if last_child[parent] == node.id { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                Branch { node: format!("{above}{at}"), below: format!("{above}{below}") }
            }
        };
        branches.push(branch);
    }
    branches
}

fn line(text: &mut String, answer: &Answer<'_>, node: &NodeAnswer<'_>, branch: &Branch) {
    let mark = match node.hot {
        true if answer.hot_path.last() == Some(&node.id) => '*',
        true => '>',
        false => ' ',
    };
    let own = match (node.self_ms, node.self_cost) {
        (Some(ms), _) => format!("{ms:.3}"),
        (None, Some(cost)) if answer.total_ms.is_none() => format!("{cost:.2}"),
        _ => String::new(),
    };
    let share = node.self_share.map_or_else(String::new, |share| format!("{:.1} %", share * 100.0));
    let blocks = node.self_blocks.as_ref().map_or_else(String::new, |blocks| blocks.touched.to_string());
    let rows = node.rows_total.filter(|_| !node.never_executed).map_or_else(String::new, whole);
    let expected = expected(node);
    let name = node.subplan.map_or_else(String::new, |name| format!("{name}: "));
    let found: String = answer.numbers_at(node.id).map(|number| format!("  ({number})")).collect();
    let title = one_line(&format!("{name}{}{found}", node.title));
    let _ = write!(
        text,
        "\n{mark} {own:>12}{share:>9}{rows:>12}{expected:>18}{blocks:>10}  {}{title}",
        branch.node
    );
    for note in notes(node) {
        let continues =
            if answer.nodes.iter().any(|child| child.parent == Some(node.id)) { "│  " } else { "   " };
        let _ = write!(text, "\n{:COLUMNS$}{}{continues}{note}", "", branch.below);
    }
}

/// The rows expected of all loops, and by how much that was wrong.
fn expected(node: &NodeAnswer<'_>) -> String {
    let Some(expected) = node.rows_expected else { return String::new() };
    let all = whole(expected * node.loops.unwrap_or(1.0).max(1.0));
    match node.misestimate {
        Some(factor) if factor >= 2.0 => format!("{all} ×{}", whole(factor)),
        Some(factor) if factor <= 0.5 => format!("{all} ÷{}", whole(1.0 / factor)),
        _ => all,
    }
}

fn whole(number: f64) -> String {
    if number >= 1e9 { format!("{number:.1e}") } else { format!("{number:.0}") }
}

/// What is told below a node.
fn notes(node: &NodeAnswer<'_>) -> Vec<String> {
    let mut notes: Vec<String> =
        node.conditions.iter().map(|(key, condition)| format!("{key}: {}", shortened(condition))).collect();
    if !node.sort_key.is_empty() {
        notes.push(format!("by {}", shortened(&node.sort_key.join(", "))));
    }
    if node.never_executed {
        notes.push("never executed".to_owned());
    }
    let removed = node.rows_removed_total.filter(|removed| *removed > 0.0);
    notes.extend(removed.map(|removed| format!("{} rows read and thrown away", whole(removed))));
    let loops = node.loops.filter(|loops| *loops > 1.0);
    notes.extend(loops.map(|loops| format!("{} loops", whole(loops))));
    notes.extend(node.sort_disk_kb.map(|kb| format!("sorted on disk, {kb} kB")));
    notes.extend(
        node.hash_batches
            .filter(|batches| *batches > 1)
            .map(|batches| format!("hashed in {batches} batches, on disk")),
    );
    notes.extend(
        node.heap_fetches
            .filter(|fetches| *fetches > 0)
            .map(|fetches| format!("{fetches} rows looked up in the table")),
    );
    notes.extend(
        node.lossy_blocks
            .filter(|lossy| *lossy > 0)
            .map(|lossy| format!("{lossy} blocks known only as a whole")),
    );
    if let (Some(planned), Some(launched)) = (node.workers_planned, node.workers_launched)
        && launched < planned
    {
        notes.push(format!("{launched} of {planned} workers came"));
    }
    notes
}

fn shortened(text: &str) -> String {
    let text = one_line(text);
    if text.chars().count() <= CONDITION_CHARS {
        return text;
    }
    format!("{}…", text.chars().take(CONDITION_CHARS).collect::<String>())
}
