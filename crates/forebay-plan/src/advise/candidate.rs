//! The indexes that requests could use.

mod keys;
mod variants;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::definition::Definition;
use super::request::{Request, Search};
use super::size::predicate_share;
use super::table::Table;
use super::tables::Tables;
use keys::Shapes;
pub(crate) use keys::plain_column;

/// An index that could be made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    /// The table's place among those that are known.
    pub(crate) table: usize,
    pub(crate) definition: Definition,
    pub(crate) bytes: u64,
    /// The probes whose requests it was made for.
    pub(crate) made_for: HashSet<usize>,
    /// The probes that look something up by its first key.
    pub(crate) probes: HashSet<usize>,
}

/// The requests of one probe, and which statement it belongs to.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) group: usize,
    /// Whether constants in the text are meant for every call, because what varies are its parameters.
    pub(crate) has_parameters: bool,
    pub(crate) requests: Vec<Request>,
}

/// Below this many blocks reading a whole table costs no more than looking into an index.
const TINY_PAGES: f64 = 12.0;
/// A partial index has to leave out at least this much.
const PARTIAL_SHARE: f64 = 0.2;
/// Tables with fewer rows are sorted and scanned faster than anything else pays off; b-trees of them are small.
const BRIN_ROWS: f64 = 1_000_000.0;
const BRIN_CORRELATION: f64 = 0.9;

/// The indexes that are worth asking about, each once, those left out that existing indexes already serve for.
pub(crate) fn candidates(asked: &[Asked], tables: &Tables, max: usize) -> Vec<Candidate> {
    let sharing = Sharing::of(asked);
    let stable = stable(asked);
    let mut found: BTreeMap<(usize, String), Candidate> = BTreeMap::new();
    for (probe, asked) in asked.iter().enumerate() {
        for request in &asked.requests {
            let table = &tables.list[request.table];
            let one_row: Vec<&str> =
                request.equality.iter().filter_map(|key| key.column.as_deref()).collect();
            // One row is found already.
            if table.pages < TINY_PAGES || table.is_unique_in(&one_row) {
                continue;
            }
            let shapes = Shapes { request, table, sharing: &sharing };
            let mut definitions = shapes.btrees();
            let partial = partials(asked, request, table, &stable, &definitions);
            definitions.extend(partial);
            definitions.extend(brin(request, table));
            for definition in definitions.into_iter().filter(|new| table.index_serving(new).is_none()) {
                let key = (request.table, definition.sql());
                let candidate = found.entry(key).or_insert_with(|| Candidate {
                    table: request.table,
                    bytes: definition.bytes_in(table),
                    definition,
                    made_for: HashSet::new(),
                    probes: HashSet::new(),
                });
                candidate.made_for.insert(probe);
            }
        }
    }
    let mut found: Vec<Candidate> = found.into_values().collect();
    // Those that serve many, then narrow ones.
    found.sort_by_key(|candidate| (std::cmp::Reverse(candidate.made_for.len()), candidate.bytes));
    found.truncate(max);
    for candidate in &mut found {
        let first = &candidate.definition.keys[0].text;
        let serves = |asked: &Asked| {
            asked.requests.iter().any(|request| request.table == candidate.table && request.looks_up(first))
        };
        candidate.probes = (0..asked.len()).filter(|&probe| serves(&asked[probe])).collect();
        candidate.probes.extend(&candidate.made_for);
    }
    found
}

/// How often each column is looked up, so that what many share comes first.
#[derive(Debug, Default)]
pub(crate) struct Sharing(HashMap<(usize, String), usize>);

impl Sharing {
    fn of(asked: &[Asked]) -> Self {
        let mut sharing = Self::default();
        for request in asked.iter().flat_map(|asked| &asked.requests) {
            let operands = request.equality.iter().chain(&request.joins);
            let texts: HashSet<&str> = operands.map(|operand| operand.text.as_str()).collect();
            for text in texts {
                *sharing.0.entry((request.table, text.to_owned())).or_default() += 1;
            }
        }
        sharing
    }

    pub(crate) fn count(&self, table: usize, text: &str) -> usize {
        self.0.get(&(table, text.to_owned())).copied().unwrap_or(0)
    }
}

/// What is the same in every call of a statement.
#[derive(Debug, Default)]
struct Stable {
    predicates: HashSet<String>,
    calls: usize,
}

/// The conditions on constants that every call of a statement has, by statement.
fn stable(asked: &[Asked]) -> HashMap<usize, Stable> {
    let mut groups: HashMap<usize, Stable> = HashMap::new();
    for asked in asked {
        let fixed = asked.requests.iter().flat_map(|request| &request.fixed);
        let predicates: HashSet<String> = fixed.map(|fixed| fixed.predicate.clone()).collect();
        let group = groups.entry(asked.group).or_default();
        group.predicates = match group.calls {
            0 => predicates,
            _ => group.predicates.intersection(&predicates).cloned().collect(),
        };
        group.calls += 1;
    }
    groups
}

/// Calls of a statement from which on a constant that is the same in all of them is taken to stay.
const CALLS_TO_TRUST: usize = 3;

fn partials(
    asked: &Asked,
    request: &Request,
    table: &Table,
    stable: &HashMap<usize, Stable>,
    full: &[Definition],
) -> Vec<Definition> {
    let mut found = Vec::new();
    for fixed in &request.fixed {
        let Some(group) = stable.get(&asked.group) else { continue };
        let stays = group.predicates.contains(&fixed.predicate);
        // A single value may be that of this call only, unless the statement has parameters for what varies.
        let meant = fixed.is_state || asked.has_parameters || group.calls >= CALLS_TO_TRUST;
        if !stays || !meant || predicate_share(&fixed.predicate, table) > PARTIAL_SHARE {
            continue;
        }
        for definition in full {
            let keys: Vec<_> =
                definition.keys.iter().filter(|key| key.column != fixed.column).cloned().collect();
            if !keys.is_empty() && definition.include.is_empty() {
                let predicate = Some(fixed.predicate.clone());
                found.push(Definition { predicate, ..Definition::btree(keys) });
            }
        }
    }
    found
}

fn brin(request: &Request, table: &Table) -> Vec<Definition> {
    let columns = request.range.iter().filter_map(|operand| plain_column(operand, table));
    let stored_in_order = columns.filter(|column| column.correlation.abs() >= BRIN_CORRELATION);
    stored_in_order
        .filter(|_| table.rows > BRIN_ROWS)
        .map(|column| Definition {
            method: "brin".to_owned(),
            ..Definition::btree(vec![super::definition::Key::column(&column.name)])
        })
        .collect()
}

/// Indexes that may help where no b-tree does, and that nothing short of building them can tell of.
pub(crate) fn unverifiable(asked: &[Asked], tables: &Tables) -> Vec<Candidate> {
    let mut found: BTreeMap<(usize, String), Candidate> = BTreeMap::new();
    for (probe, asked) in asked.iter().enumerate() {
        for request in asked.requests.iter().filter(|request| request.reads_all) {
            let table = &tables.list[request.table];
            if table.pages < TINY_PAGES * 8.0 || request.rows > table.rows * 0.05 {
                continue;
            }
            for (operand, search) in &request.searches {
                let Some(definition) = gin(operand, *search, table) else { continue };
                let known = table.indexes.iter().any(|index| {
                    matches!(index.definition.method.as_str(), "gin" | "gist")
                        && index.definition.keys.iter().any(|key| key.text == definition.keys[0].text)
                });
                if !known {
                    let key = (request.table, definition.sql());
                    let candidate = found.entry(key).or_insert_with(|| Candidate {
                        table: request.table,
                        bytes: definition.bytes_in(table),
                        definition,
                        made_for: HashSet::new(),
                        probes: HashSet::new(),
                    });
                    candidate.made_for.insert(probe);
                }
            }
        }
    }
    found.into_values().collect()
}

fn gin(operand: &super::expression::Operand, search: Search, table: &Table) -> Option<Definition> {
    let mut key = keys::key(operand, table)?;
    let column = operand.column.as_deref().and_then(|name| table.column(name));
    let is_document = column.is_some_and(|column| column.type_name == "jsonb");
    key.operator_class = match search {
        Search::Trigrams => Some("gin_trgm_ops".to_owned()),
        Search::Elements if is_document => Some("jsonb_path_ops".to_owned()),
        Search::Elements => None,
    };
    Some(Definition { method: "gin".to_owned(), ..Definition::btree(vec![key]) })
}
