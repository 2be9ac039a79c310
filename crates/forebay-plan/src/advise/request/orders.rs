//! Which orders of rows are wanted.

use super::{Order, Scans};
use crate::advise::expression::{Operand, SortKey, sort_key};
use crate::advise::tables::Tables;
use crate::json::Value;
use crate::node::Node;

impl Scans<'_> {
    pub(super) fn read_orders(&mut self, tables: &Tables) {
        let plan = self.plan;
        for node in plan.nodes() {
            let is_limited = plan.ancestors(node).next().is_some_and(|above| above.node_type() == "Limit");
            match node.node_type() {
                "Sort" | "Incremental Sort" => self.want(node.sort_key(), is_limited),
                "Aggregate" | "Group" => {
                    let keys = node.fields().get("Group Key").map_or(&[][..], Value::list);
                    self.want(keys.iter().filter_map(Value::text), false);
                    self.extremes(node);
                }
                "Index Scan" | "Index Only Scan"
                    if plan.ancestors(node).any(|above| above.node_type() == "Limit") =>
                {
                    self.kept(node, tables);
                }
                _ => {}
            }
        }
    }

    /// An order by keys of one relation, as far as they are.
    fn want<'k>(&mut self, keys: impl Iterator<Item = &'k str>, is_limited: bool) {
        let mut wanted: Vec<SortKey> = Vec::new();
        for key in keys {
            let Some(key) = sort_key(key, &|name| self.is_alias(name)) else { break };
            if wanted.first().is_some_and(|first| first.operand.alias != key.operand.alias) {
                break;
            }
            wanted.push(key);
        }
        let Some(alias) = wanted.first().map(|key| key.operand.alias.clone()) else { return };
        let order = Order { keys: wanted, is_limited };
        if let Some(request) = self.request(&alias)
            && !request.orders.contains(&order)
        {
            request.orders.push(order);
        }
    }

    /// `min(a)` and `max(a)` of a whole table are its first and last entry.
    fn extremes(&mut self, node: &Node) {
        if node.fields().get("Group Key").is_some() {
            return;
        }
        let outputs = node.fields().get("Output").map_or(&[][..], Value::list);
        for output in outputs.iter().filter_map(Value::text) {
            let inner = output.strip_prefix("min(").or_else(|| output.strip_prefix("max("));
            if let Some(inner) = inner.and_then(|rest| rest.strip_suffix(')')) {
                self.want(std::iter::once(inner), true);
            }
        }
    }

    /// The order an index gives now, without a sort that would tell.
    fn kept(&mut self, node: &Node, tables: &Tables) {
        let Some(alias) = node.alias().map(str::to_owned) else { return };
        let Some(table) = self.request(&alias).map(|request| request.table) else { return };
        let indexes = &tables.list[table].indexes;
        let Some(index) = indexes.iter().find(|index| Some(index.name.as_str()) == node.index()) else {
            return;
        };
        let keys: Vec<SortKey> = index
            .definition
            .keys
            .iter()
            .map(|key| SortKey {
                operand: Operand {
                    alias: alias.clone(),
                    column: key.column.clone(),
                    cast: None,
                    text: key.text.clone(),
                },
                descending: key.descending,
                nulls_first: key.nulls_first,
            })
            .collect();
        if let Some(request) = self.request(&alias) {
            request.orders.push(Order { keys, is_limited: true });
        }
    }
}
