//! Statements with nothing wrong, made to look as if there were.

use super::case::{Case, Gain};
use super::draw::Draw;
use super::fault::Form;
use super::shown::{Shown, filtered, number, rows};
use super::tables::{Big, index, other, small, tidy};

pub(super) const FORMS: &[Form] = &[
    by_key,
    few_by_index,
    tiny_table,
    report_of_all,
    keeps_many,
    scattered_tenth,
    hash_in_memory,
    sort_in_memory,
    first_by_index,
    first_that_comes,
    workers_help,
    only_the_index,
    exact_bitmap,
    loop_over_few,
];

/// Forms that only the held half has.
pub(super) const HELD: &[Form] = &[
    page_with_details,
    second_page,
    insert_with_reference,
    nothing_found,
    merge_of_orders,
    wrong_but_harmless,
    partial_index,
    one_partition,
    window_by_index,
    update_by_key,
    never_needed,
    none_of_those,
];

fn usual(draw: &mut Draw) -> Big {
    let rows = draw.between(20_000, 60_000);
    let parents = draw.between(300, 900);
    Big::new(draw, rows, parents, 12)
}

fn any(_: &Shown) -> bool {
    true
}

fn by_key(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let statement = format!("SELECT * FROM {} WHERE id = {}", w.big, draw.between(1, big.rows));
    Case::new(setup, statement, |plan| plan.has("Index Scan"))
}

/// An index leads to some tens of rows, and then to their parents.
fn few_by_index(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), vec![index(w.big, w.of_small)], small(draw, 900), tidy(&[w.big, w.small])]
        .concat();
    let statement = format!(
        "SELECT s.name, b.* FROM {} b JOIN {} s ON s.id = b.{of} WHERE b.{of} = {} AND b.{} > 1000 ORDER BY b.{} DESC",
        w.big,
        w.small,
        draw.between(1, 300),
        w.amount,
        w.at,
        of = w.of_small
    );
    Case::new(setup, statement, |plan| !plan.any(|node| filtered(node) > 200.0))
}

fn tiny_table(draw: &mut Draw) -> Case {
    let rows = draw.between(40, 300);
    let setup = [small(draw, rows), tidy(&[draw.words.small])].concat();
    let code = draw.between(1, rows) * 7919;
    let statement = format!("SELECT name FROM {} WHERE code = {code}", draw.words.small);
    Case::new(setup, statement, |plan| plan.has("Seq Scan"))
}

fn report_of_all(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let statement = format!(
        "SELECT {k}, date_trunc('day', {}) AS day, count(*), sum({}) FROM {} GROUP BY {k}, day ORDER BY {k}, day",
        w.at,
        w.amount,
        w.big,
        k = w.kind
    );
    Case::new(setup, statement, |plan| plan.has("Seq Scan")).set("work_mem", "32MB")
}

fn keeps_many(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let statement =
        format!("SELECT id, {a} FROM {} WHERE {a} >= {}", w.big, draw.between(3_000, 7_000), a = w.amount);
    Case::new(setup, statement, |plan| plan.has("Seq Scan"))
}

/// Nine rows of ten are thrown away, and yet an index would not help: those that stay are on every page.
fn scattered_tenth(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let kind = draw.between(0, 11);
    let statement = format!(
        "SELECT sum({}), max({}) FROM {} WHERE {} = {}",
        w.amount,
        w.note,
        w.big,
        w.kind,
        draw.kind_literal(kind)
    );
    let case = Case::new(setup, statement, |plan| plan.has("Seq Scan"));
    case.cured_by(vec![index(w.big, w.kind), format!("ANALYZE {}", w.big)], Gain::LessThan(1.5))
}

fn joined(draw: &mut Draw) -> (Vec<String>, i64) {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), other(draw, big.rows, big.rows, true), tidy(&[w.big, w.other])].concat();
    (setup, big.rows)
}

fn hash_in_memory(draw: &mut Draw) -> Case {
    let (setup, _) = joined(draw);
    let w = draw.words;
    let statement = format!(
        "SELECT b.{}, sum(o.{}) FROM {} b JOIN {} o ON o.{} = b.id GROUP BY b.{}",
        w.kind, w.amount, w.big, w.other, w.of_big, w.kind
    );
    Case::new(setup, statement, |plan| plan.has("Hash Join")).set("work_mem", "32MB")
}

fn sort_in_memory(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let statement = format!("SELECT id, {} FROM {} ORDER BY {}, id", w.at, w.big, w.amount);
    Case::new(setup, statement, |plan| plan.has("Sort")).set("work_mem", "64MB")
}

/// The index could give all rows and is asked for ten.
fn first_by_index(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), vec![index(w.big, w.at)], tidy(&[w.big])].concat();
    let kind = draw.between(0, 11);
    let statement = format!(
        "SELECT * FROM {} WHERE {} <> {} ORDER BY {} DESC LIMIT {}",
        w.big,
        w.kind,
        draw.kind_literal(kind),
        w.at,
        draw.pick(&[1, 10, 50])
    );
    Case::new(setup, statement, |plan| plan.has("Limit") && plan.has("Index Scan"))
}

fn first_that_comes(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let kind = draw.between(0, 11);
    let statement =
        format!("SELECT id FROM {} WHERE {} = {} LIMIT 5", w.big, w.kind, draw.kind_literal(kind));
    Case::new(setup, statement, |plan| plan.has("Limit") && plan.has("Seq Scan"))
}

fn workers_help(draw: &mut Draw) -> Case {
    let mut big = usual(draw);
    big.rows += 60_000;
    let w = draw.words;
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let statement = format!("SELECT {k}, count(*), max({}) FROM {} GROUP BY {k}", w.note, w.big, k = w.kind);
    let case = Case::new(setup, statement, |plan| plan.any(|node| number(node, "Workers Launched") > 0.0));
    let case = case.set("max_parallel_workers_per_gather", "2").set("parallel_setup_cost", "100");
    case.set("min_parallel_table_scan_size", "256kB")
}

fn only_the_index(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), vec![index(w.big, w.amount)], tidy(&[w.big])].concat();
    let low = draw.between(0, 8_000);
    let statement =
        format!("SELECT count(*) FROM {} WHERE {} BETWEEN {low} AND {}", w.big, w.amount, low + 900);
    Case::new(setup, statement, |plan| plan.has("Index Only Scan"))
}

fn exact_bitmap(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), vec![index(w.big, w.reference)], tidy(&[w.big])].concat();
    let low = draw.between(0, 5_000);
    let statement = format!(
        "SELECT id, {n} FROM {} WHERE {r} BETWEEN {low} AND {}",
        w.big,
        low + draw.between(30, 120),
        n = w.note,
        r = w.reference
    );
    Case::new(setup, statement, |plan| plan.has("Bitmap Heap Scan"))
}

fn loop_over_few(draw: &mut Draw) -> Case {
    let (setup, rows) = joined(draw);
    let (w, from) = (draw.words, draw.between(1, rows - 200));
    let statement = format!(
        "SELECT b.id, o.label FROM {} b JOIN {} o ON o.{} = b.id WHERE b.id BETWEEN {from} AND {}",
        w.big,
        w.other,
        w.of_big,
        from + draw.between(5, 60)
    );
    Case::new(setup, statement, |plan| plan.has("Nested Loop")).set("random_page_cost", "1.1")
}

/// A subplan for each of the few rows of a page.
fn page_with_details(draw: &mut Draw) -> Case {
    let (setup, _) = joined(draw);
    let w = draw.words;
    let statement = format!(
        "SELECT b.id, (SELECT count(*) FROM {} o WHERE o.{} = b.id) FROM {} b ORDER BY b.id DESC LIMIT 20",
        w.other, w.of_big, w.big
    );
    Case::new(setup, statement, |plan| plan.any(|node| node["Parent Relationship"] == "SubPlan"))
}

fn second_page(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let statement =
        format!("SELECT * FROM {} ORDER BY id LIMIT 20 OFFSET {}", w.big, draw.pick(&[20, 40, 60]));
    Case::new(setup, statement, |plan| plan.has("Limit"))
}

fn insert_with_reference(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let indexes = vec![index(w.big, w.note), index(w.big, w.amount), index(w.big, w.of_small)];
    let mut setup = [small(draw, 1000), big.create(draw), indexes, tidy(&[w.big, w.small])].concat();
    setup.push(format!("ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES {}", w.big, w.of_small, w.small));
    let (from, more) = (big.rows + 1, draw.between(200, 900));
    let statement = big.insert(draw, from, from + more);
    Case::new(setup, statement, any)
}

/// Thousands were expected, and there are none: nothing was lost by it.
fn nothing_found(draw: &mut Draw) -> Case {
    let (setup, rows) = joined(draw);
    let w = draw.words;
    let statement = format!(
        "SELECT b.id, o.label FROM {} b JOIN {} o ON o.{} = b.id
         WHERE b.id > {rows} AND b.{} > 10 AND o.{} >= 0",
        w.big, w.other, w.of_big, w.amount, w.amount
    );
    Case::new(setup, statement, any)
}

fn merge_of_orders(draw: &mut Draw) -> Case {
    let (setup, _) = joined(draw);
    let w = draw.words;
    let statement = format!(
        "SELECT b.id, count(o.no) FROM {} b LEFT JOIN {} o ON o.{} = b.id GROUP BY b.id ORDER BY b.id",
        w.big, w.other, w.of_big
    );
    Case::new(setup, statement, any).set("work_mem", "32MB")
}

/// Some hundred rows where some tens were expected: any plan would be this one.
fn wrong_but_harmless(draw: &mut Draw) -> Case {
    let mut big = usual(draw);
    let usual = draw.scattered(200);
    big.reference = format!("CASE WHEN i % 25 = 0 THEN 7 ELSE {usual} END");
    let w = draw.words;
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let statement = format!(
        "SELECT count(*) FROM {} WHERE {r} = 7 AND id % 25 = 0 AND {} > 5000",
        w.big,
        w.amount,
        r = w.reference
    );
    let case = Case::new(setup, statement, |plan| plan.any(|node| rows(node) > 100.0));
    case.cured_by(vec![index(w.big, w.reference), format!("ANALYZE {}", w.big)], Gain::LessThan(1.5))
}

fn partial_index(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let partial = format!("CREATE INDEX ON {} ({}) WHERE {} > 9900", w.big, w.at, w.amount);
    let setup = [big.create(draw), vec![partial], tidy(&[w.big])].concat();
    let statement =
        format!("SELECT id, {a} FROM {} WHERE {a} > 9900 ORDER BY {} LIMIT 30", w.big, w.at, a = w.amount);
    Case::new(setup, statement, |plan| plan.has("Index Scan"))
}

fn one_partition(draw: &mut Draw) -> Case {
    let (parts, w) = (draw.between(10, 30), draw.words);
    let mut setup =
        vec![format!("CREATE TABLE {} (id int, day int, {} int) PARTITION BY LIST (day)", w.big, w.amount)];
    for day in 0..parts {
        setup.push(format!("CREATE TABLE day_{day} PARTITION OF {} FOR VALUES IN ({day})", w.big));
    }
    setup.push(format!(
        "INSERT INTO {} SELECT i, i % {parts}, i % 977 FROM generate_series(1, 40000) i",
        w.big
    ));
    setup.push(format!("ANALYZE {}", w.big));
    let statement =
        format!("SELECT avg({}) FROM {} WHERE day = {}", w.amount, w.big, draw.between(0, parts - 1));
    Case::new(setup, statement, |plan| !plan.has("Append"))
}

fn window_by_index(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let statement = format!("SELECT id, sum({}) OVER (ORDER BY id) FROM {}", w.amount, w.big);
    Case::new(setup, statement, |plan| plan.has("WindowAgg") && !plan.has("Sort"))
}

fn update_by_key(draw: &mut Draw) -> Case {
    let big = usual(draw);
    let w = draw.words;
    let setup = [big.create(draw), vec![index(w.big, w.amount)], tidy(&[w.big])].concat();
    let statement =
        format!("UPDATE {} SET {a} = {a} + 1 WHERE id = {}", w.big, draw.between(1, big.rows), a = w.amount);
    Case::new(setup, statement, |plan| plan.has("Index Scan"))
}

/// A branch that would be dear and is not run.
fn never_needed(draw: &mut Draw) -> Case {
    let (setup, rows) = joined(draw);
    let w = draw.words;
    let statement = format!(
        "SELECT id, CASE WHEN id < 0 THEN (SELECT count(*) FROM {} o WHERE o.{} = b.id + 1) END FROM {} b WHERE id > {}",
        w.other,
        w.amount,
        w.big,
        rows - draw.between(50, 200)
    );
    Case::new(setup, statement, |plan| plan.any(|node| number(node, "Actual Loops") < 1.0))
}

fn none_of_those(draw: &mut Draw) -> Case {
    let (setup, _) = joined(draw);
    let w = draw.words;
    let statement = format!(
        "SELECT count(*) FROM {} b WHERE NOT EXISTS (SELECT FROM {} o WHERE o.{} = b.id)",
        w.big, w.other, w.of_big
    );
    Case::new(setup, statement, |plan| {
        plan.any(|node| node["Join Type"].as_str().is_some_and(|join| join.contains("Anti")))
    })
    .set("work_mem", "32MB")
}
