//! Findings as text.

use std::fmt::Write as _;

use forebay_plan::Finding;

use super::answer::Answer;
use crate::cli::one_line;

/// Where lines are broken.
const WIDTH_CHARS: usize = 100;

/// What is wrong, below the tree; nothing when nothing is.
pub(super) fn list(answer: &Answer<'_>) -> String {
    let mut text = String::new();
    for (finding, number) in answer.findings.iter().zip(1..) {
        text.push('\n');
        entry(&mut text, answer, finding, number);
    }
    text
}

fn entry(text: &mut String, answer: &Answer<'_>, finding: &Finding, number: usize) {
    let title = |node: usize| answer.nodes.get(node).map_or("", |node| node.title.as_str());
    let saving = finding.saving.map_or_else(String::new, |saving| format!(", saves about {saving}"));
    let _ = write!(
        text,
        "\n({number}) {} at {}: {}{saving}, confidence {}",
        finding.kind,
        one_line(title(finding.node)),
        finding.severity,
        finding.confidence
    );
    let evidence: Vec<String> = finding.evidence.iter().map(ToString::to_string).collect();
    let explains: Vec<String> = finding
        .explains
        .iter()
        .map(|effect| format!("{} at {}", effect.kind, one_line(title(effect.node))))
        .collect();
    paragraph(text, "", &finding.what);
    paragraph(text, "", &evidence.join("; "));
    paragraph(text, "explains ", &explains.join("; "));
    paragraph(text, "→ ", &finding.advice);
}

/// Indented, broken between words.
fn paragraph(text: &mut String, lead: &str, words: &str) {
    const INDENT: &str = "    ";
    if words.is_empty() {
        return;
    }
    let words = one_line(&format!("{lead}{words}"));
    let mut width = WIDTH_CHARS;
    for word in words.split_whitespace() {
        let needs = word.chars().count() + 1;
        if width + needs > WIDTH_CHARS {
            text.push('\n');
            text.push_str(INDENT);
            width = INDENT.len();
        } else {
            text.push(' ');
        }
        text.push_str(word);
        width += needs;
    }
}
