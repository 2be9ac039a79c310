//! What an index costs whoever writes.

use std::collections::HashSet;

use super::definition::Definition;
use super::table::Table;

/// What the statements of a workload write to one table, in rows for each run of the workload.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Writes {
    pub(crate) inserted: f64,
    pub(crate) deleted: f64,
    pub(crate) updates: Vec<Update>,
    /// How often the workload scans the table.
    pub(crate) scans: f64,
}

/// Rows that are updated in the same columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Update {
    pub(crate) rows: f64,
    /// The columns that are set; none where that is not known.
    pub(crate) columns: Option<HashSet<String>>,
}

/// What an entry costs in the planner's units, of which a block read at random is 4: finding its leaf, which is cached more often than
/// not, changing it, and the log of both.
const ENTRY: f64 = 1.5;
/// The same where entries arrive in the order of the index: the leaf is the one written last.
const ENTRY_IN_ORDER: f64 = 0.3;

impl Writes {
    fn is_empty(&self) -> bool {
        self.inserted == 0.0 && self.deleted == 0.0 && self.updates.is_empty()
    }

    /// The writes of the workload; where it has none, those the server has counted, as many as fall upon its scans.
    pub(crate) fn or_counted(self, table: &Table) -> Self {
        let activity = &table.activity;
        if !self.is_empty() || activity.scans == 0 {
            return self;
        }
        // The rows that are there came once; from counters alone a table that was filled and one that grows all the time look alike.
        let inserted = activity.inserted as f64 - table.rows;
        // Updates that look up their row are scans as well; where fewer scans than updates were counted, each changed many rows.
        let changed = activity.updated + activity.deleted;
        let reads = activity.scans.checked_sub(changed).unwrap_or(activity.scans);
        // The workload is a part of what reads the table.
        let share = self.scans / (reads as f64).max(self.scans).max(1.0);
        let share = if share > 0.0 { share } else { return self };
        Self {
            inserted: inserted.max(0.0) * share,
            deleted: activity.deleted as f64 * share,
            updates: vec![Update { rows: activity.updated as f64 * share, columns: None }],
            scans: self.scans,
        }
    }

    /// What keeping an index up to date costs for each run of the workload, in the planner's units.
    pub(crate) fn cost(&self, definition: &Definition, table: &Table) -> f64 {
        let entry = entry_cost(definition, table);
        let hot = hot_share(table);
        let updates: f64 = self
            .updates
            .iter()
            .map(|update| {
                let touched = touched(update, definition, table);
                // What is not updated within its block gets entries in every index, this one as well; what was and no longer is gets
                // one in each of the others, too.
                let lost = hot * touched;
                let moved = (1.0 - hot) * (1.0 - touched) + touched;
                update.rows * (moved * entry + lost * table.indexes.len() as f64 * ENTRY)
            })
            .sum();
        // Deleted rows are taken out by VACUUM, many at once.
        self.inserted * entry + self.deleted * entry * 0.2 + updates
    }

    /// The updates within a block that an index would put an end to, in rows for each run of the workload.
    pub(crate) fn hot_lost(&self, definition: &Definition, table: &Table) -> f64 {
        let hot = hot_share(table);
        self.updates.iter().map(|update| update.rows * hot * touched(update, definition, table)).sum()
    }
}

/// The part of the updates that stay within their block now.
fn hot_share(table: &Table) -> f64 {
    let activity = &table.activity;
    if activity.updated == 0 {
        // Never seen: with no index on what is set, most would.
        return 0.8;
    }
    (activity.updated_hot as f64 / activity.updated as f64).clamp(0.0, 1.0)
}

/// How likely an update sets something the index holds and no other index does.
fn touched(update: &Update, definition: &Definition, table: &Table) -> f64 {
    let indexed: HashSet<&str> = table.indexes.iter().flat_map(|index| index.definition.columns()).collect();
    let new: HashSet<&str> = definition.columns().filter(|name| !indexed.contains(name)).collect();
    match &update.columns {
        Some(set) => f64::from(u8::from(
            definition.columns().any(|name| set.contains(name))
                || definition
                    .keys
                    .iter()
                    .any(|key| key.column.is_none() && set.iter().any(|name| key.text.contains(name)))
                || definition
                    .predicate
                    .as_ref()
                    .is_some_and(|text| set.iter().any(|name| text.contains(name))),
        )),
        None => {
            // Updates within a block prove that some column without an index is set, not which one.
            let free = table.columns.iter().filter(|column| !indexed.contains(column.name.as_str())).count();
            (new.len() as f64 / (free as f64).max(1.0)).min(1.0)
        }
    }
}

fn entry_cost(definition: &Definition, table: &Table) -> f64 {
    if definition.method == "brin" {
        return 0.05;
    }
    let first = definition.keys.first().and_then(|key| key.column.as_deref());
    let correlation =
        first.and_then(|name| table.column(name)).map_or(0.0, |column| column.correlation.abs());
    let share = definition.predicate.as_deref().map_or(1.0, |text| super::size::predicate_share(text, table));
    share * (ENTRY_IN_ORDER + (ENTRY - ENTRY_IN_ORDER) * (1.0 - correlation))
}
