//! Which keys, in which order.

use super::Sharing;
use super::variants::covering;
use crate::advise::definition::{Definition, Key};
use crate::advise::expression::{Operand, SortKey};
use crate::advise::request::Request;
use crate::advise::table::{Column, Table};

/// What the b-trees of one request are made from.
pub(super) struct Shapes<'a> {
    pub(super) request: &'a Request,
    pub(super) table: &'a Table,
    pub(super) sharing: &'a Sharing,
}

/// Keys of an index at most: behind these, further ones tell rows apart that are few already.
const KEYS_MAX: usize = 4;
/// Alternatives of a kind that are tried.
const ALTERNATIVES_MAX: usize = 4;

impl Shapes<'_> {
    /// Equality first, what many requests share before what few do; then an order or a range, in all variants; each with and without
    /// the columns that would spare the look into the table.
    pub(super) fn btrees(&self) -> Vec<Definition> {
        let mut lists = self.lists();
        for list in &mut lists {
            let mut seen = Vec::new();
            list.retain(|key| {
                let new = !seen.contains(&key.text);
                seen.push(key.text.clone());
                new
            });
            list.truncate(KEYS_MAX);
        }
        lists.retain(|list| !list.is_empty());
        lists.sort_by_key(Vec::len);
        lists.dedup();
        let plain: Vec<Definition> = lists.into_iter().map(Definition::btree).collect();
        let covering: Vec<Definition> =
            plain.iter().filter_map(|definition| covering(definition, self.request, self.table)).collect();
        plain.into_iter().chain(covering).collect()
    }

    fn lists(&self) -> Vec<Vec<Key>> {
        let request = self.request;
        let equality = self.sorted(&request.equality);
        let joins = self.sorted(&request.joins);
        let ranges = self.sorted(&request.range);
        let mut lists = vec![equality.clone()];
        lists.extend(equality.iter().map(|key| vec![key.clone()]));
        let with = |first: &[Key], rest: &[Key]| [first, rest].concat();
        for range in ranges.iter().take(ALTERNATIVES_MAX) {
            lists.push(vec![range.clone()]);
            lists.push(with(&equality, std::slice::from_ref(range)));
        }
        for prefix in request.prefixes.iter().filter_map(|operand| self.pattern_key(operand)) {
            lists.push(vec![prefix.clone()]);
            lists.push(with(&equality, &[prefix]));
        }
        for order in &request.orders {
            let keys: Vec<Key> = order.keys.iter().map_while(|key| order_key(key, self.table)).collect();
            lists.push(keys.clone());
            lists.push(with(&equality, &keys));
        }
        for join in joins.iter().take(ALTERNATIVES_MAX) {
            let join = std::slice::from_ref(join);
            lists.push(join.to_vec());
            lists.push(with(join, &equality));
            lists.push(with(&equality, join));
            for range in ranges.iter().take(2) {
                lists.push([join, &equality, std::slice::from_ref(range)].concat());
            }
        }
        if joins.len() > 1 {
            lists.push(joins.clone());
            lists.push(with(&joins, &equality));
        }
        lists
    }

    /// What many requests share first, then what tells more rows apart.
    fn sorted(&self, operands: &[Operand]) -> Vec<Key> {
        let mut operands: Vec<&Operand> = operands.iter().collect();
        let rank = |operand: &Operand| {
            let column = operand.column.as_deref().and_then(|name| self.table.column(name));
            let distinct = column.map_or(0.0, |column| column.distinct(self.table.rows));
            (self.sharing.count(self.request.table, &operand.text), distinct as u64)
        };
        operands.sort_by_key(|operand| std::cmp::Reverse(rank(operand)));
        operands.into_iter().filter_map(|operand| key(operand, self.table)).collect()
    }

    /// A key by which `LIKE 'x%'` is a range.
    fn pattern_key(&self, operand: &Operand) -> Option<Key> {
        let mut key = key(operand, self.table)?;
        let column = operand.column.as_deref().and_then(|name| self.table.column(name));
        if column.is_some_and(|column| column.bytewise) {
            return Some(key);
        }
        let class = match column.map(|column| column.type_name.as_str()) {
            Some(name) if name.starts_with("character varying") => "varchar_pattern_ops",
            Some(name) if name.starts_with("character") => "bpchar_pattern_ops",
            _ => "text_pattern_ops",
        };
        key.operator_class = Some(class.to_owned());
        Some(key)
    }
}

/// The column an operand is, with at most a cast that changes nothing of its bytes.
pub(crate) fn plain_column<'a>(operand: &Operand, table: &'a Table) -> Option<&'a Column> {
    let column = operand.column.as_deref().and_then(|name| table.column(name))?;
    let same = match operand.cast.as_deref() {
        None => true,
        Some("text" | "character varying") => {
            column.type_name == "text" || column.type_name.starts_with("character varying")
        }
        Some(_) => false,
    };
    same.then_some(column)
}

/// The key that looks an operand up.
pub(super) fn key(operand: &Operand, table: &Table) -> Option<Key> {
    if let Some(column) = plain_column(operand, table) {
        return Some(Key::column(&column.name));
    }
    // A column that is not known is one of the system's.
    let is_expression = operand.column.is_none() || operand.cast.is_some();
    (is_expression && !is_aggregate(&operand.text)).then(|| Key::expression(&operand.text))
}

/// Whether an expression is about many rows, so that no index has it. The server is asked about the rest, and refuses what it must.
fn is_aggregate(text: &str) -> bool {
    const NAMES: [&str; 8] =
        ["sum(", "count(", "avg(", "min(", "max(", "array_agg(", "string_agg(", "OVER ("];
    NAMES.iter().any(|name| text.contains(name))
}

fn order_key(key: &SortKey, table: &Table) -> Option<Key> {
    let found = self::key(&key.operand, table)?;
    Some(Key { descending: key.descending, nulls_first: key.nulls_first, ..found })
}
