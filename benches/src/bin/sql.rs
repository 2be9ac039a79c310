//! `cargo xtask bench sql`: classifying a text, unseen and seen before, beside a full parse and beside a plain look-up.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;
use forebay_benches::{Aim, PAIRS, Report, version_of};
use forebay_sql::{Classifier, classify, fingerprint};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// What services send: point reads, lists, joins, reports, writes. Each parses with the peer.
const STATEMENTS: &[&str] = &[
    "SELECT id, name, email, created_at FROM users WHERE id = $1",
    "SELECT * FROM orders WHERE user_id = $1 AND status IN ('open', 'paid', 'sent') ORDER BY created_at DESC LIMIT 50",
    "SELECT o.id, o.total, c.name, c.country FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.placed_at >= $1 AND o.placed_at < $2 ORDER BY o.placed_at DESC, o.id LIMIT $3 OFFSET $4",
    "SELECT count(*) AS total, sum(amount) AS amount, date_trunc('day', created_at) AS day FROM payments WHERE account_id = $1 GROUP BY date_trunc('day', created_at) ORDER BY day",
    "SELECT u.id, u.name, coalesce(p.bio, '') AS bio, (SELECT count(*) FROM posts WHERE posts.author_id = u.id) AS posts FROM users u LEFT JOIN profiles p ON p.user_id = u.id WHERE lower(u.email) = lower($1)",
    "WITH recent AS (SELECT id, account_id, amount FROM ledger WHERE account_id = $1 ORDER BY id DESC LIMIT 100) SELECT account_id, sum(amount) FROM recent GROUP BY account_id",
    "SELECT id, title, ts_rank(search, plainto_tsquery('english', $1)) AS rank FROM documents WHERE search @@ plainto_tsquery('english', $1) ORDER BY rank DESC LIMIT 20",
    "SELECT region, product, sum(revenue) AS revenue, rank() OVER (PARTITION BY region ORDER BY sum(revenue) DESC) AS place FROM sales WHERE sold_on BETWEEN $1 AND $2 GROUP BY region, product HAVING sum(revenue) > 1000",
    "SELECT id, data ->> 'name' AS name, CASE WHEN data ->> 'kind' = 'a' THEN 1 ELSE 2 END AS kind FROM events WHERE data @> $1::jsonb AND id > $2 ORDER BY id LIMIT 200",
    "SELECT EXISTS (SELECT 1 FROM memberships WHERE user_id = $1 AND group_id = $2)",
    "INSERT INTO payments (id, account_id, amount, note) VALUES ($1, $2, $3, $4) RETURNING id, created_at",
    "UPDATE accounts SET balance = balance - $1, updated_at = now() WHERE id = $2 AND balance >= $1",
    "DELETE FROM sessions WHERE user_id = $1 AND expires_at < now()",
    "SELECT id, payload FROM jobs WHERE state = 'ready' ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED",
];

/// Passes over the statements in one sample: long enough that the clock does not matter.
const COLD_PASSES: usize = 300;
const SEEN_PASSES: usize = 3_000;

fn main() -> anyhow::Result<()> {
    let mut report = Report::new("sql");
    report.peer("sqlparser", &format!("{} (PostgreSqlDialect)", version_of("sqlparser")));
    report.peer("HashMap<Box<str>, u64, foldhash::fast>", "std");

    report.same_against_same("sql.classify_cold", PAIRS, cold);
    report.time_ratio("sql.classify_cold_vs_sqlparser", Aim::AtMost(0.15), PAIRS, cold, parsed);
    report.time_ratio("sql.fingerprint_cold_vs_sqlparser", Aim::None, PAIRS, fingerprinted, parsed);

    let classifier = Classifier::default();
    let map: HashMap<Box<str>, u64, RandomState> =
        STATEMENTS.iter().enumerate().map(|(at, &sql)| (Box::from(sql), at as u64)).collect();
    for sql in STATEMENTS {
        let _ = classifier.statement(sql);
    }
    let seen = || {
        time(SEEN_PASSES, |sql| {
            black_box(classifier.statement(sql).kind());
        })
    };
    let looked_up = || {
        time(SEEN_PASSES, |sql| {
            black_box(map.get(sql));
        })
    };
    report.same_against_same("sql.classify_seen", PAIRS, seen);
    report.time_ratio("sql.classify_seen_vs_hash_lookup", Aim::AtMost(4.0), PAIRS, seen, looked_up);

    report.value(
        "sql.classify_cold_ns",
        Aim::None,
        per_statement(cold(), COLD_PASSES),
        "ns a statement",
        COLD_PASSES,
    );
    report.value(
        "sql.classify_seen_ns",
        Aim::None,
        per_statement(seen(), SEEN_PASSES),
        "ns a statement",
        SEEN_PASSES,
    );
    report.finish()
}

fn cold() -> Duration {
    time(COLD_PASSES, |sql| {
        black_box(classify(sql));
    })
}

fn fingerprinted() -> Duration {
    time(COLD_PASSES, |sql| {
        black_box(fingerprint(sql));
    })
}

fn parsed() -> Duration {
    time(COLD_PASSES, |sql| {
        black_box(Parser::parse_sql(&PostgreSqlDialect {}, sql).expect("the peer parses each of them"));
    })
}

fn time(passes: usize, mut job: impl FnMut(&str)) -> Duration {
    let start = Instant::now();
    for _ in 0..passes {
        for sql in STATEMENTS {
            job(black_box(sql));
        }
    }
    start.elapsed()
}

fn per_statement(time: Duration, passes: usize) -> f64 {
    time.as_nanos() as f64 / (passes * STATEMENTS.len()) as f64
}
