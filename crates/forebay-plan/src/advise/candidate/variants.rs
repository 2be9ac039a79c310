//! The same keys, with the columns that spare the look into the table.

use crate::advise::definition::Definition;
use crate::advise::request::Request;
use crate::advise::table::Table;

/// Columns carried along at most.
const INCLUDE_MAX: usize = 6;
/// Bytes they may have together.
const INCLUDE_BYTES_MAX: f64 = 80.0;
/// The part of the table whose rows need not be looked at, from which on an index alone is worth it.
const ALL_VISIBLE: f64 = 0.6;

/// The index with every column the request reads; none when it has them already, or it would not pay.
pub(super) fn covering(definition: &Definition, request: &Request, table: &Table) -> Option<Definition> {
    let read = request.columns.as_ref()?;
    if table.all_visible < ALL_VISIBLE || definition.keys.iter().any(|key| key.column.is_none()) {
        return None;
    }
    let held: Vec<&str> = definition.columns().collect();
    let include: Vec<String> = read.iter().filter(|name| !held.contains(&name.as_str())).cloned().collect();
    let widths = include.iter().map(|name| table.column(name).map(|column| column.width));
    let bytes: f64 = widths.sum::<Option<f64>>()?;
    let fits = !include.is_empty() && include.len() <= INCLUDE_MAX && bytes <= INCLUDE_BYTES_MAX;
    fits.then(|| Definition { include, ..definition.clone() })
}
