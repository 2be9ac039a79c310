//! Text to plans.

mod document;
mod frame;
mod lines;
mod text;
mod tree;

use crate::error::ReadError;
use crate::limits::Limits;
use crate::plan::Plan;
use lines::Lines;

/// Reads every plan of a text, within the usual [`Limits`]: what `EXPLAIN` prints, as text or as JSON, found out by itself.
///
/// Around and between plans there may be what psql puts there (frames of every border and of `\x`, `(5 rows)`, marks of wrapped lines,
/// `Time:`), and lines of a server's log (`auto_explain`). XML and YAML are not read.
///
/// # Errors
/// The line and column of the first thing that is no plan, and what was expected there. What could be read before it is not given.
///
/// ```
/// let plans = forebay_plan::read(
///     "                      QUERY PLAN                       \n\
///      -------------------------------------------------------\n \
///       Seq Scan on users  (cost=0.00..25.88 rows=6 width=36)\n   \
///         Filter: (id = 7)\n\
///      (2 rows)\n",
/// )?;
/// assert_eq!(plans[0].root().relation(), Some("users"));
/// assert_eq!(plans[0].root().filter(), Some("(id = 7)"));
/// # Ok::<_, forebay_plan::ReadError>(())
/// ```
pub fn read(text: &str) -> Result<Vec<Plan>, ReadError> {
    read_with(text, &Limits::default())
}

/// [`read`] within limits of one's own.
///
/// # Errors
/// As [`read`]; also when a limit is passed.
pub fn read_with(text: &str, limits: &Limits) -> Result<Vec<Plan>, ReadError> {
    if text.len() > limits.bytes_max {
        return Err(ReadError::TooLarge { line: 1, what: "the size in bytes", max: limits.bytes_max });
    }
    let lines = frame::unframe(text);
    let mut lines = Lines::new(&lines);
    let mut plans = Vec::new();
    let mut nodes_left = limits.nodes_max;
    while let Some(line) = lines.peek() {
        let start = line.text.trim_start();
        if start.starts_with(['[', '{']) {
            document::read(&mut lines, limits, &mut nodes_left, &mut plans)?;
        } else if start.starts_with("<explain") || start.starts_with("- Plan:") {
            return Err(lines.unexpected("a plan as text or as JSON (XML and YAML are not read)", start));
        } else if text::is_start(line.text) {
            plans.push(text::read(&mut lines, limits, &mut nodes_left)?);
        } else {
            // psql's own words, or a log's.
            lines.next();
        }
    }
    if plans.is_empty() {
        return Err(lines.nothing("a plan, as text or as JSON, as `EXPLAIN` prints it"));
    }
    Ok(plans)
}
