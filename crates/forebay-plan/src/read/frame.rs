//! What psql and logs put around a plan, taken off.

use std::borrow::Cow;

use super::lines::Line;

/// What the lines at hand are framed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    None,
    /// psql's table; its width in characters, and whether there are lines at both sides (`\pset border 2`).
    Table {
        width: usize,
        sided: bool,
    },
    /// psql's `\x`: the text begins behind the column's name.
    Expanded,
    /// The lines of a log's entry, which begin with a tab.
    Log,
}

/// psql's marks at the end of a line: the value goes on in a new line of its own; the line was too wide.
const NEW_LINE: [char; 2] = ['+', '↵'];
const WRAPPED: [char; 2] = ['.', '…'];

const COLUMN: &str = "QUERY PLAN";

/// The lines of a text without their frames. Lines that are nothing but frame are left out.
pub(super) fn unframe(text: &str) -> Vec<Line<'_>> {
    let mut frame = Frame::None;
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut goes_on = false;
    let quoted = is_quoted(text);
    for (at, line) in text.lines().enumerate() {
        if let Some(next) = opening(line, lines.last()) {
            frame = next;
            goes_on = false;
            if matches!(frame, Frame::Table { .. }) {
                lines.pop();
            }
            continue;
        }
        if frame == Frame::Log && !line.starts_with('\t') {
            frame = Frame::None;
        }
        let (before, part, mark) = inside(line, frame);
        let mut text = Cow::Borrowed(part);
        if let Some(copied) =
            part.strip_prefix('"').and_then(|part| part.strip_suffix('"')).filter(|_| quoted)
        {
            text = Cow::Owned(copied.replace("\"\"", "\""));
        }
        match lines.last_mut().filter(|_| goes_on) {
            // The first character is the mark that this is the rest of a line.
            Some(last) => last.text.to_mut().push_str(text.strip_prefix(|_| true).unwrap_or("")),
            None => lines.push(Line { number: at + 1, before, text }),
        }
        goes_on = mark.is_some_and(|mark| WRAPPED.contains(&mark));
    }
    lines
}

/// The frame that begins with this line, if one does.
fn opening(line: &str, last: Option<&Line<'_>>) -> Option<Frame> {
    let rule = line.trim();
    if rule.starts_with("* Record ")
        || (rule.contains("[ RECORD ") && rule.starts_with(['-', '+', '─', '├', '┌']))
    {
        return Some(Frame::Expanded);
    }
    if line.ends_with("plan:") && line.contains("duration: ") {
        return Some(Frame::Log);
    }
    let drawn = |c: char| c == '-' || c == '+' || ('\u{2500}'..='\u{257f}').contains(&c);
    if rule.is_empty() || !rule.chars().all(drawn) {
        return None;
    }
    let above = last.map(|last| last.text.trim_matches([' ', '|', '│', '║']));
    let sided = rule.starts_with(['+', '├', '╠']);
    (above == Some(COLUMN)).then(|| Frame::Table { width: line.trim_end().chars().count(), sided })
}

/// The part of a line within its frame, how many characters stand before it, and the mark behind it.
fn inside(line: &str, frame: Frame) -> (usize, &str, Option<char>) {
    match frame {
        Frame::None => (0, line, None),
        Frame::Log => (1, line.strip_prefix('\t').unwrap_or(line), None),
        Frame::Expanded => {
            let (before, cell) = cell(line);
            let cell = cell.trim_end();
            let (part, mark) = marked(cell, &NEW_LINE);
            // Text has a line for each row; only a value of several lines is marked, and that is JSON.
            (before, if mark.is_some() { part.trim_end() } else { cell }, None)
        }
        Frame::Table { width, sided } => {
            let (before, line, width) = match sided
                .then(|| line.trim_start().strip_prefix(['|', '│', '║']))
                .flatten()
            {
                Some(cell) => (1, cell.trim_end().trim_end_matches(['|', '│', '║']), width.saturating_sub(2)),
                None => (0, line, width),
            };
            let chars = line.chars().count();
            // Without borders the mark stands behind the line, with them below the rule's end.
            let marks: &[char] =
                if chars == width || chars == width + 1 { &['+', '↵', '.', '…'] } else { &[] };
            let (part, mark) = marked(line, marks);
            match mark {
                Some(mark) if WRAPPED.contains(&mark) => (before, part, Some(mark)),
                Some(mark) => (before, part.trim_end(), Some(mark)),
                None => (before, line.trim_end(), None),
            }
        }
    }
}

/// The value's cell of a line of `\x`, and how many characters stand before it.
fn cell(line: &str) -> (usize, &str) {
    let open = line.strip_prefix(['|', '│', '║']).unwrap_or(line);
    let sided = open.len() < line.len();
    let trimmed = open.trim_start();
    let (name, rest) = match trimmed.strip_prefix(COLUMN) {
        Some(rest) => (COLUMN.len(), rest),
        None => (0, trimmed),
    };
    let border = rest.trim_start();
    let cell = match border.strip_prefix(['|', '│', '║']) {
        Some(cell) => cell.strip_prefix(' ').unwrap_or(cell),
        // No borders: one space behind the name, and as much before the lines that follow.
        None if name > 0 => rest.strip_prefix(' ').unwrap_or(rest),
        None => open.get(COLUMN.len() + 1..).unwrap_or(trimmed),
    };
    let before = line[..line.len() - cell.len()].chars().count();
    let cell = if sided { cell.trim_end().trim_end_matches(['|', '│', '║']) } else { cell };
    (before, cell)
}

/// Takes one of these marks off a line's end.
fn marked<'a>(line: &'a str, marks: &[char]) -> (&'a str, Option<char>) {
    match line.chars().next_back().filter(|last| marks.contains(last)) {
        Some(mark) => (&line[..line.len() - mark.len_utf8()], Some(mark)),
        None => (line, None),
    }
}

/// Whether every line is in quotes, as pgAdmin copies a column.
fn is_quoted(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.is_empty()).peekable();
    lines.peek().is_some()
        && lines.all(|line| line.len() >= 2 && line.starts_with('"') && line.ends_with('"'))
}
