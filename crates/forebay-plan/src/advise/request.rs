//! What a statement asks of each table.

mod conditions;
mod orders;

use std::collections::{BTreeSet, HashMap};

use super::expression::{Conjunct, Operand, SortKey, columns};
use super::tables::Tables;
use crate::node::Node;
use crate::plan::Plan;

/// What one scan of a table is to find.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Request {
    /// The table's place among those that are known.
    pub(crate) table: usize,
    /// Compared with `=` to something known before the scan, or found to be NULL.
    pub(crate) equality: Vec<Operand>,
    /// Compared by order.
    pub(crate) range: Vec<Operand>,
    /// Equal to a column of another relation.
    pub(crate) joins: Vec<Operand>,
    /// The beginning of a text.
    pub(crate) prefixes: Vec<Operand>,
    /// What no b-tree finds, and the method and operator class that may.
    pub(crate) searches: Vec<(Operand, Search)>,
    /// Orders in which rows are wanted.
    pub(crate) orders: Vec<Order>,
    /// The columns that are read of it; none where that is not known, or rows are changed.
    pub(crate) columns: Option<BTreeSet<String>>,
    /// Conditions on constants, as a predicate would have them, and the column of each.
    pub(crate) fixed: Vec<Fixed>,
    /// Rows the scan gives, as expected.
    pub(crate) rows: f64,
    /// What the scan costs, and how often it is expected to run.
    pub(crate) cost: f64,
    pub(crate) runs: f64,
    /// Whether it reads the table from end to end.
    pub(crate) reads_all: bool,
}

impl Request {
    /// Whether an index whose first key that is could be of use.
    pub(crate) fn looks_up(&self, key: &str) -> bool {
        let operands = [&self.equality, &self.range, &self.joins, &self.prefixes];
        let first_of_order =
            self.orders.iter().filter_map(|order| order.keys.first()).map(|key| &key.operand);
        operands.into_iter().flatten().chain(first_of_order).any(|operand| operand.text == key)
    }
}

/// A search that no b-tree serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    /// Within a text.
    Trigrams,
    /// Within an array, a document, a text search vector.
    Elements,
}

/// An order in which rows are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) keys: Vec<SortKey>,
    /// Whether only the first rows are wanted.
    pub(crate) is_limited: bool,
}

/// A condition that does not depend on the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) predicate: String,
    pub(crate) column: Option<String>,
    /// Whether it is about NULL or truth, not about some value.
    pub(crate) is_state: bool,
}

/// The scans of a plan by what the plan calls their relations.
#[derive(Debug)]
pub(crate) struct Scans<'a> {
    pub(crate) plan: &'a Plan,
    by_alias: HashMap<String, usize>,
    pub(crate) requests: Vec<Request>,
}

const SCANS: [&str; 4] = ["Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan"];

/// Nodes that print whatever the node below them has, needed or not.
const COPIES: [&str; 6] = ["Hash", "Materialize", "Sort", "Limit", "Gather", "Incremental Sort"];

/// What a statement asks of each table that is known.
pub(crate) fn requests(plan: &Plan, tables: &Tables) -> Vec<Request> {
    let mut scans = Scans { plan, by_alias: HashMap::new(), requests: Vec::new() };
    for node in plan.nodes().iter().filter(|node| SCANS.contains(&node.node_type())) {
        scans.begin(node, tables);
    }
    scans.read_conditions();
    scans.read_orders(tables);
    scans.read_columns();
    scans.requests
}

impl Scans<'_> {
    fn begin(&mut self, node: &Node, tables: &Tables) {
        let known = node.relation().and_then(|name| tables.find(node.schema(), name));
        let (Some(table), Some(alias)) = (known, node.alias()) else { return };
        // Partitions are `t_1`, `t_2`, … of what the statement calls `t`.
        let partition_of =
            alias.rsplit_once('_').filter(|(_, number)| number.bytes().all(|b| b.is_ascii_digit()));
        let base = partition_of.map(|(base, _)| base).filter(|_| !tables.list[table].partitions.is_empty());
        let known = base.and_then(|base| self.by_alias.get(base)).copied();
        let at = known.unwrap_or_else(|| {
            self.requests.push(Request { table, ..Request::default() });
            self.requests.len() - 1
        });
        for name in [Some(alias), base].into_iter().flatten() {
            self.by_alias.insert(name.to_owned(), at);
        }
        let runs = self.runs(node);
        let request = &mut self.requests[at];
        request.rows += node.plan_rows().unwrap_or(0.0);
        request.cost += node.total_cost().unwrap_or(0.0);
        request.runs = runs;
        request.reads_all |= node.node_type() == "Seq Scan";
    }

    /// How often a node is expected to run: once for each row of the outer sides it is the inner side of.
    fn runs(&self, node: &Node) -> f64 {
        let mut runs = 1.0;
        let mut below = node;
        for above in self.plan.ancestors(node) {
            if above.node_type() == "Nested Loop" && below.relationship() == Some("Inner") {
                let outer = self.plan.children(above).find(|child| child.relationship() == Some("Outer"));
                runs *= outer.and_then(Node::plan_rows).unwrap_or(1.0).max(1.0);
            }
            if matches!(above.node_type(), "Materialize" | "Hash" | "Sort") {
                break;
            }
            below = above;
        }
        runs
    }

    pub(crate) fn is_alias(&self, name: &str) -> bool {
        self.by_alias.contains_key(name)
    }

    pub(crate) fn conjuncts(&self, text: &str) -> Vec<Conjunct> {
        super::expression::conjuncts(text, &|name| self.is_alias(name))
    }

    pub(crate) fn request(&mut self, alias: &str) -> Option<&mut Request> {
        let at = *self.by_alias.get(alias)?;
        self.requests.get_mut(at)
    }

    /// The columns that are read: those named by any node, but for what scans and copies of scans print without need.
    fn read_columns(&mut self) {
        let changes =
            self.plan.nodes().iter().any(|node| matches!(node.node_type(), "ModifyTable" | "LockRows"));
        if changes {
            return;
        }
        let mut read: Vec<BTreeSet<String>> = vec![BTreeSet::new(); self.requests.len()];
        let mut whole_row = false;
        for node in self.plan.nodes() {
            let copies = SCANS.contains(&node.node_type()) || COPIES.contains(&node.node_type());
            // The topmost nodes print what the statement gives.
            let is_top = self.plan.ancestors(node).all(|above| COPIES.contains(&above.node_type()));
            for (key, value) in node.fields().iter() {
                if key.ends_with("Name") || key == "Alias" || (key == "Output" && copies && !is_top) {
                    continue;
                }
                let texts =
                    value.text().into_iter().chain(value.list().iter().filter_map(crate::Value::text));
                for text in texts {
                    whole_row |= text.contains(".*");
                    for (alias, column) in columns(text, &|name| self.is_alias(name)) {
                        if let Some(&at) = self.by_alias.get(&alias) {
                            read[at].insert(column);
                        }
                    }
                }
            }
        }
        for (request, read) in self.requests.iter_mut().zip(read) {
            request.columns = (!whole_row).then_some(read);
        }
    }
}
