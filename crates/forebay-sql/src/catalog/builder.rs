//! A snapshot in the making.

use super::{AllowList, Catalog, Tie, Volatility, classify_with};

/// Gathers a [`Catalog`]. All names are those the catalogue holds: without quotes, in their own case.
#[derive(Debug)]
pub struct CatalogBuilder {
    catalog: Catalog,
    /// What does whatever a statement of its own does.
    dependents: Vec<Dependent>,
}

/// Something of the database that runs an expression or a query when it is used.
#[derive(Debug)]
struct Dependent {
    schema: Box<str>,
    name: Box<str>,
    what: What,
    /// What it runs, as a statement.
    sql: String,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Function,
    Type,
    Relation(Tie),
}

impl CatalogBuilder {
    pub(super) fn new(major: u8) -> Self {
        let catalog = Catalog { major, ..Catalog::default() };
        Self { catalog, dependents: Vec::new() }
    }

    /// A function, procedure or aggregate; an aggregate is as volatile as the functions it is made of. Default: none.
    #[must_use]
    pub fn function(self, schema: &str, name: &str, volatility: Volatility) -> Self {
        self.function_because(schema, name, volatility, None)
    }

    /// The same, with what [`Reason::VolatileFunction`](crate::Reason::VolatileFunction) says of it: its overload with the types of its
    /// arguments. Default: none.
    #[must_use]
    pub fn function_because(
        mut self,
        schema: &str,
        name: &str,
        volatility: Volatility,
        why: Option<&str>,
    ) -> Self {
        self.catalog.functions.add(schema, name, volatility, why);
        self
    }

    /// The defaults of a function's arguments, as `pg_get_expr` spells them under an empty `search_path`: a call may evaluate them, so
    /// it is volatile if they do more than read. Default: none.
    #[must_use]
    pub fn function_defaults(mut self, schema: &str, name: &str, expressions: &str) -> Self {
        self.depend(schema, name, What::Function, format!("SELECT {expressions}"));
        self
    }

    /// An operator, as volatile as its function, which [`Reason::VolatileOperator`](crate::Reason::VolatileOperator) names. Default: none.
    #[must_use]
    pub fn operator(mut self, schema: &str, name: &str, volatility: Volatility, function: &str) -> Self {
        self.catalog.operators.add(schema, name, volatility, Some(function));
        self
    }

    /// A type to which a volatile function casts, and the function. Default: none.
    #[must_use]
    pub fn volatile_type(mut self, schema: &str, name: &str, function: &str) -> Self {
        let words = if schema == "pg_catalog" { words_for(name) } else { &[] };
        for name in [name].iter().chain(words) {
            self.catalog.types.add(schema, name, (), Some(function));
        }
        self
    }

    /// A domain with a check, as `pg_get_constraintdef` spells it: `CHECK (…)`. Default: none.
    #[must_use]
    pub fn domain(mut self, schema: &str, name: &str, check: &str) -> Self {
        let expression = check.strip_prefix("CHECK").unwrap_or(check);
        self.depend(schema, name, What::Type, format!("SELECT {expression}"));
        self
    }

    /// A type that is made of another one (a domain over it, a composite type with such a field), whose name is given as SQL. Default: none.
    #[must_use]
    pub fn made_of(mut self, schema: &str, name: &str, other: &str) -> Self {
        self.depend(schema, name, What::Type, format!("SELECT NULL::{other}"));
        self
    }

    /// A relation that is not read on any server. Default: none.
    #[must_use]
    pub fn relation(mut self, schema: &str, name: &str, tie: Tie) -> Self {
        self.catalog.relations.add(schema, name, tie, None);
        self
    }

    /// A view, with its definition as `pg_get_viewdef` spells it under an empty `search_path`: it is tied if that is not a read. Default:
    /// none.
    #[must_use]
    pub fn view(mut self, schema: &str, name: &str, definition: &str) -> Self {
        self.depend(schema, name, What::Relation(Tie::View), definition.to_owned());
        self
    }

    /// A row security policy of a table, with its condition as `pg_get_expr` spells it under an empty `search_path`. Default: none.
    #[must_use]
    pub fn policy(mut self, schema: &str, table: &str, condition: &str) -> Self {
        self.depend(schema, table, What::Relation(Tie::Policy), format!("SELECT {condition}"));
        self
    }

    fn depend(&mut self, schema: &str, name: &str, what: What, sql: String) {
        self.dependents.push(Dependent { schema: Box::from(schema), name: Box::from(name), what, sql });
    }

    /// The snapshot. What runs statements of its own is judged here, what uses such after those: there are as many rounds as there are
    /// layers of it.
    #[must_use]
    pub fn build(mut self) -> Catalog {
        let nothing = AllowList::default();
        let mut open = std::mem::take(&mut self.dependents);
        loop {
            let catalog = &self.catalog;
            let why = |dependent: &Dependent| {
                let class = classify_with(&dependent.sql, catalog, Some(&[]), &nothing);
                (!class.is_read()).then(|| class.reasons().first().map(ToString::to_string))
            };
            let mut found = Vec::new();
            open = open
                .into_iter()
                .filter_map(|dependent| match why(&dependent) {
                    None => Some(dependent),
                    Some(why) => {
                        found.push((dependent, why));
                        None
                    }
                })
                .collect();
            if found.is_empty() {
                return self.catalog;
            }
            for (dependent, why) in found {
                self.catalog.note(&dependent, why.as_deref());
            }
        }
    }
}

impl Catalog {
    /// Takes in that something does more than read.
    fn note(&mut self, Dependent { schema, name, what, .. }: &Dependent, why: Option<&str>) {
        match what {
            What::Function => self.functions.add(schema, name, Volatility::Volatile, why),
            What::Type => self.types.add(schema, name, (), why),
            What::Relation(tie) => self.relations.add(schema, name, *tie, why),
        }
    }
}

/// The words that SQL has for a built-in type beside its name.
///
/// Source: PostgreSQL, `parser/gram.y` (`SystemTypeName` under `Numeric`, `Character`, `ConstDatetime`).
fn words_for(name: &str) -> &'static [&'static str] {
    match name {
        "int2" => &["smallint"],
        "int4" => &["int", "integer"],
        "int8" => &["bigint"],
        "float4" => &["real", "float"],
        "float8" => &["double", "float"],
        "numeric" => &["decimal", "dec"],
        "bool" => &["boolean"],
        "bpchar" => &["char", "character", "nchar"],
        "varchar" => &["varying"],
        "varbit" => &["varying"],
        "timestamptz" => &["timestamp"],
        "timetz" => &["time"],
        _ => &[],
    }
}
