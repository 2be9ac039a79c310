//! What a node is, and what it works on.

use super::Node;
use crate::json::Value;

impl Node {
    /// The node's type by PostgreSQL's name: `Seq Scan`, `Hash Join`. Empty when the plan does not say.
    #[must_use]
    pub fn node_type(&self) -> &str {
        self.fields.text("Node Type").unwrap_or("")
    }

    /// How it hangs under the node above it: `Outer`, `Inner`, `Member`, `Subquery`, `InitPlan`, `SubPlan`.
    #[must_use]
    pub fn relationship(&self) -> Option<&str> {
        self.fields.text("Parent Relationship")
    }

    /// `InitPlan 1 (returns $0)`, `SubPlan 2`, `CTE name`, of the node such a plan begins with.
    #[must_use]
    pub fn subplan_name(&self) -> Option<&str> {
        self.fields.text("Subplan Name")
    }

    /// The table it reads or writes.
    #[must_use]
    pub fn relation(&self) -> Option<&str> {
        self.fields.text("Relation Name")
    }

    /// That table's schema, with `VERBOSE`.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.fields.text("Schema")
    }

    /// The name the statement calls it by.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        self.fields.text("Alias")
    }

    /// The index it looks into.
    #[must_use]
    pub fn index(&self) -> Option<&str> {
        self.fields.text("Index Name")
    }

    /// The common table expression it scans.
    #[must_use]
    pub fn cte(&self) -> Option<&str> {
        self.fields.text("CTE Name")
    }

    /// `Inner`, `Left`, `Semi`, …, of a join.
    #[must_use]
    pub fn join_type(&self) -> Option<&str> {
        self.fields.text("Join Type")
    }

    /// `Plain`, `Sorted`, `Hashed` or `Mixed`, of an aggregate or a set operation.
    #[must_use]
    pub fn strategy(&self) -> Option<&str> {
        self.fields.text("Strategy")
    }

    /// `Simple`, `Partial` or `Finalize`, of an aggregate.
    #[must_use]
    pub fn partial_mode(&self) -> Option<&str> {
        self.fields.text("Partial Mode")
    }

    /// `Insert`, `Update`, `Delete`, `Merge` or `Select`, of a node that can write.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.fields.text("Operation")
    }

    /// Whether several processes share its work, each reading a part.
    #[must_use]
    pub fn is_parallel(&self) -> bool {
        self.fields.get("Parallel Aware") == Some(&Value::Bool(true))
    }

    /// What it sorts by, in order.
    pub fn sort_key(&self) -> impl Iterator<Item = &str> {
        self.fields.get("Sort Key").map_or(&[][..], Value::list).iter().filter_map(Value::text)
    }

    /// The rows it keeps of those it has read.
    #[must_use]
    pub fn filter(&self) -> Option<&str> {
        self.fields.text("Filter")
    }

    /// What it looks up in the index.
    #[must_use]
    pub fn index_cond(&self) -> Option<&str> {
        self.fields.text("Index Cond")
    }

    /// Type, index and table in one line: `Index Scan using users_pkey on users u`.
    #[must_use]
    pub fn title(&self) -> String {
        let mut title = match (self.node_type(), self.operation()) {
            ("ModifyTable", Some(operation)) => operation.to_owned(),
            (kind, _) => kind.to_owned(),
        };
        match (self.node_type(), self.strategy()) {
            ("Aggregate", Some("Hashed")) => title = "HashAggregate".to_owned(),
            ("Aggregate", Some("Sorted")) => title = "GroupAggregate".to_owned(),
            ("Aggregate", Some("Mixed")) => title = "MixedAggregate".to_owned(),
            _ => {}
        }
        if let Some(kind) = self.join_type().filter(|kind| *kind != "Inner") {
            let base = title.strip_suffix(" Join").map(str::to_owned).unwrap_or(title);
            title = format!("{base} {kind} Join");
        }
        if let Some(mode) = self.partial_mode().filter(|mode| *mode != "Simple") {
            title = format!("{mode} {title}");
        }
        if self.is_parallel() {
            title = format!("Parallel {title}");
        }
        let index_alone = self.relation().is_none();
        if let Some(index) = self.index() {
            title.push_str(if index_alone { " on " } else { " using " });
            title.push_str(index);
        }
        let name = self.relation().or(self.cte()).or(self.fields.text("Function Name"));
        if let Some(name) = name.or(self.alias()) {
            title.push_str(" on ");
            title.push_str(name);
            if let Some(alias) = self.alias().filter(|alias| *alias != name) {
                title.push(' ');
                title.push_str(alias);
            }
        }
        title
    }
}
