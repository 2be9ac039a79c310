//! The tables of a case.

use super::draw::Draw;

/// A table of many rows. Every expression is over the number `i` of a row.
pub(crate) struct Big {
    pub(crate) rows: i64,
    /// Bytes of a row's text.
    pub(crate) width: i64,
    /// Which row of the small table each belongs to.
    pub(crate) of_small: String,
    pub(crate) kind: String,
    pub(crate) amount: String,
    pub(crate) reference: String,
    pub(crate) primary: bool,
}

impl Big {
    /// Everything scattered: `parents` rows of the small table, `kinds` kinds, amounts from 0 to 9 999.
    pub(crate) fn new(draw: &mut Draw, rows: i64, parents: i64, kinds: i64) -> Self {
        let of_small = format!("1 + {}", draw.scattered(parents));
        let number = draw.scattered(kinds);
        Self {
            rows,
            width: draw.between(20, 60),
            of_small,
            kind: draw.kind(number),
            amount: draw.scattered(10_000),
            reference: draw.scattered(rows / 3),
            primary: true,
        }
    }

    pub(crate) fn create(&self, draw: &Draw) -> Vec<String> {
        let w = draw.words;
        let create = format!(
            "CREATE TABLE {} (id int NOT NULL, {} int NOT NULL, {} {} NOT NULL, {} timestamp NOT NULL, {} int NOT NULL,
             {} int NOT NULL, {} text NOT NULL)",
            w.big, w.of_small, w.kind, draw.kind_type(), w.at, w.amount, w.reference, w.note
        );
        let mut statements = vec![create, self.insert(draw, 1, self.rows)];
        if self.primary {
            statements.push(format!("ALTER TABLE {} ADD PRIMARY KEY (id)", w.big));
        }
        statements
    }

    pub(crate) fn insert(&self, draw: &Draw, from: i64, to: i64) -> String {
        format!(
            "INSERT INTO {} SELECT i, {}, {}, timestamp '2024-01-01' + i * interval '1 minute', {}, {},
             rpad('Text ' || i, {}, 'lorem ipsum ') FROM generate_series({from}, {to}) i",
            draw.words.big,
            self.of_small,
            self.kind,
            self.amount,
            self.reference,
            self.width.max(14)
        )
    }
}

/// A table of few rows, by their number: `name` and `code` are unique, `grade` has seven values.
pub(crate) fn small(draw: &Draw, rows: i64) -> Vec<String> {
    let table = draw.words.small;
    vec![
        format!(
            "CREATE TABLE {table} (id int PRIMARY KEY, name text NOT NULL, code int NOT NULL, grade int NOT NULL)"
        ),
        format!(
            "INSERT INTO {table} SELECT i, 'Name ' || i, (i * 7919) % 1000003, i % 7 FROM generate_series(1, {rows}) i"
        ),
    ]
}

/// A table of `rows` rows, each of which belongs to one of the big table's `of`.
pub(crate) fn other(draw: &mut Draw, rows: i64, of: i64, indexed: bool) -> Vec<String> {
    let w = draw.words;
    let (of_big, amount) = (draw.scattered(of), draw.scattered(500));
    let mut statements = vec![
        format!(
            "CREATE TABLE {} (no int NOT NULL, {} int NOT NULL, {} int NOT NULL, label text NOT NULL)",
            w.other, w.of_big, w.amount
        ),
        format!(
            "INSERT INTO {} SELECT i, 1 + {of_big}, {amount}, 'label ' || i FROM generate_series(1, {rows}) i",
            w.other
        ),
    ];
    if indexed {
        statements.push(index(w.other, w.of_big));
    }
    statements
}

pub(crate) fn index(table: &str, columns: &str) -> String {
    format!("CREATE INDEX ON {table} ({columns})")
}

/// As the server's own housekeeping leaves a table.
pub(crate) fn tidy(tables: &[&str]) -> Vec<String> {
    tables.iter().map(|table| format!("VACUUM ANALYZE {table}")).collect()
}
