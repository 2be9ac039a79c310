//! Plans as a drawing: each node a box as wide as what it and those under it took.

use std::fmt::Write as _;

use super::answer::Answer;
use super::node::NodeAnswer;

/// The width of the drawing.
const WIDTH_PX: f64 = 1200.0;
/// The height of a level of the tree.
const ROW_PX: f64 = 24.0;
/// The space above and below a plan.
const MARGIN_PX: f64 = 30.0;
/// How wide a character of the labels is.
const CHAR_PX: f64 = 7.0;
/// Narrower boxes are not drawn: nobody sees them, and a plan can have a hundred thousand.
const BOX_PX_MIN: f64 = 0.3;

/// One file for all plans, one below the other. It refers to nothing outside of it.
pub(super) fn draw(answers: &[Answer<'_>]) -> String {
    let mut body = String::new();
    let mut top = 0.0;
    for answer in answers {
        top = plan(&mut body, answer, top);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH_PX} {top}\" width=\"{WIDTH_PX}\" height=\"{top}\" \
         font-family=\"monospace\" font-size=\"11.5\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

/// A node's place.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    left: f64,
    width: f64,
    /// Where the next of its children begins.
    next: f64,
}

/// Draws a plan below `top` and says where it ends.
fn plan(body: &mut String, answer: &Answer<'_>, top: f64) -> f64 {
    let own: Vec<f64> = answer.nodes.iter().map(|node| amount(answer, node)).collect();
    let mut inside = own.clone();
    for node in answer.nodes.iter().rev() {
        if let Some(parent) = node.parent {
            inside[parent] += inside[node.id];
        }
    }
    // A plan in which nothing took anything has one wide root.
    let whole = inside.first().copied().filter(|whole| *whole > 0.0 && whole.is_finite());
    let scale = whole.map_or(0.0, |whole| WIDTH_PX / whole);
    let heading = heading(answer);
    let _ = writeln!(
        body,
        "<text x=\"4\" y=\"{:.1}\" font-weight=\"bold\">{}</text>",
        top + MARGIN_PX - 10.0,
        escaped(&heading)
    );
    let mut places = vec![Place::default(); answer.nodes.len()];
    let mut depth_max = 0;
    for node in &answer.nodes {
        let place = match node.parent {
            None => Place { left: 0.0, width: WIDTH_PX, next: 0.0 },
            Some(parent) => {
                let left = places[parent].next;
                let width = inside[node.id] * scale;
                places[parent].next = left + width;
                Place { left, width, next: left }
            }
        };
        places[node.id] = place;
        if place.width >= BOX_PX_MIN {
            depth_max = depth_max.max(node.depth);
            let share = own[node.id] * scale / WIDTH_PX;
            draw_node(body, answer, node, place, top + MARGIN_PX + node.depth as f64 * ROW_PX, share);
        }
    }
    top + MARGIN_PX + (depth_max + 1) as f64 * ROW_PX + MARGIN_PX / 2.0
}

/// What a node took itself.
fn amount(answer: &Answer<'_>, node: &NodeAnswer<'_>) -> f64 {
    let amount = if answer.total_ms.is_some() { node.self_ms } else { node.self_cost };
    amount.filter(|amount| amount.is_finite()).unwrap_or(0.0).max(0.0)
}

fn heading(answer: &Answer<'_>) -> String {
    match answer.total_ms {
        Some(total) => format!("plan in line {}: {total:.3} ms", answer.line),
        None => format!("plan in line {}: not run, widths are the planner's cost", answer.line),
    }
}

fn draw_node(
    body: &mut String,
    answer: &Answer<'_>,
    node: &NodeAnswer<'_>,
    place: Place,
    top: f64,
    share: f64,
) {
    let numbers: Vec<usize> = answer.numbers_at(node.id).collect();
    let marks: String = numbers.iter().map(|number| format!("({number}) ")).collect();
    let label = format!("{marks}{}", node.title);
    let border = if numbers.is_empty() { "#ffffff" } else { "#202020" };
    let _ = write!(
        body,
        "<g><title>{}</title><rect x=\"{:.2}\" y=\"{top:.1}\" width=\"{:.2}\" height=\"{:.1}\" rx=\"2\" fill=\"{}\" stroke=\"{border}\"/>",
        escaped(&tooltip(answer, node)),
        place.left,
        place.width,
        ROW_PX - 1.0,
        color(share)
    );
    let fits = ((place.width - 8.0) / CHAR_PX).max(0.0) as usize;
    if fits >= 3 {
        let shown: String = if label.chars().count() <= fits {
            label
        } else {
            label.chars().take(fits - 1).chain(['…']).collect()
        };
        // A drawing of its own cuts off what is wider than it: characters of other scripts can take the place of two.
        let _ = write!(
            body,
            "<svg x=\"{:.2}\" y=\"{top:.1}\" width=\"{:.2}\" height=\"{ROW_PX}\"><text x=\"4\" y=\"16\" pointer-events=\"none\">{}</text></svg>",
            place.left,
            place.width,
            escaped(&shown)
        );
    }
    body.push_str("</g>\n");
}

/// From pale yellow to red by the part of the whole that is the node's own; dark text can be read on all of them.
fn color(share: f64) -> String {
    let part = share.clamp(0.0, 1.0).sqrt();
    let mix = |from: f64, to: f64| (from + (to - from) * part).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(253.0, 250.0), mix(240.0, 120.0), mix(205.0, 95.0))
}

/// What is shown when the pointer rests on a box.
fn tooltip(answer: &Answer<'_>, node: &NodeAnswer<'_>) -> String {
    let mut lines = vec![match node.subplan {
        Some(name) => format!("{name}: {}", node.title),
        None => node.title.clone(),
    }];
    let share = node.self_share.map_or_else(String::new, |share| format!(" ({:.1} %)", share * 100.0));
    lines.extend(node.self_ms.map(|ms| format!("self {ms:.3} ms{share}")));
    lines.extend(node.inclusive_ms.map(|ms| format!("with what is under it {ms:.3} ms")));
    if node.self_ms.is_none() {
        lines.extend(node.self_cost.map(|cost| format!("cost of its own {cost:.2}{share}")));
    }
    lines.extend(node.rows_total.map(|rows| format!("rows {rows:.0}")));
    let loops = node.loops.unwrap_or(1.0).max(1.0);
    lines.extend(node.rows_expected.map(|rows| format!("rows expected {:.0}", rows * loops)));
    lines.extend(node.loops.filter(|loops| *loops > 1.0).map(|loops| format!("loops {loops:.0}")));
    lines.extend(node.conditions.iter().map(|(key, condition)| format!("{key}: {condition}")));
    for number in answer.numbers_at(node.id) {
        let finding = &answer.findings[number - 1];
        lines.push(format!("({number}) {}: {}", finding.kind, finding.what));
    }
    lines.join("\n")
}

/// Text in XML: no markup of its own, no characters XML has not.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push('\n'),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}
