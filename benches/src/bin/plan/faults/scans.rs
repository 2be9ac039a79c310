//! Faults of how rows are found.

use super::case::{Case, Gain};
use super::draw::Draw;
use super::shown::{Shown, filtered, number, rows};
use super::tables::{Big, index, small, tidy};

const INDEXED: Gain = Gain::Blocks(3.0);

fn scans_all(plan: &Shown) -> bool {
    plan.any(|node| node["Node Type"] == "Seq Scan" && filtered(node) > 100.0 * rows(node))
}

fn filters_after_index(plan: &Shown) -> bool {
    let looks =
        |node: &serde_json::Value| node["Node Type"] == "Bitmap Heap Scan" || !node["Index Cond"].is_null();
    plan.any(|node| looks(node) && filtered(node) > 500.0 && filtered(node) > 10.0 * rows(node))
}

fn walks_an_order(plan: &Shown) -> bool {
    plan.has("Limit")
        && plan.any(|node| {
            node["Node Type"] == "Index Scan" && node["Index Cond"].is_null() && filtered(node) > 1000.0
        })
}

/// A big table with few rows of a kind.
fn selective(draw: &mut Draw) -> (Big, i64) {
    let rows = draw.between(40_000, 110_000);
    let kinds = rows / draw.between(8, 40);
    let parents = draw.between(300, 3000);
    (Big::new(draw, rows, parents, kinds), kinds)
}

fn rare_kind(draw: &mut Draw, columns: &str) -> Case {
    let (big, kinds) = selective(draw);
    let (w, kind) = (draw.words, draw.between(0, kinds - 1));
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let kind = draw.kind_literal(kind);
    let statement = format!("SELECT {columns} FROM {} WHERE {} = {kind}", w.big, w.kind);
    Case::new(setup, statement, scans_all).cured_by(vec![index(w.big, w.kind)], INDEXED)
}

pub(super) fn missing_index(draw: &mut Draw) -> Case {
    let columns = draw.pick(&["*", "id", "count(*)"]);
    rare_kind(draw, columns)
}

pub(super) fn missing_index_under_a_join(draw: &mut Draw) -> Case {
    let (big, kinds) = selective(draw);
    let (w, kind) = (draw.words, draw.between(0, kinds - 1));
    let parents = small(draw, 3000);
    let setup = [big.create(draw), parents, tidy(&[w.big, w.small])].concat();
    let statement = format!(
        "SELECT b.id, s.name, b.{} FROM {} b JOIN {} s ON s.id = b.{} WHERE b.{} = {} ORDER BY b.{}",
        w.amount,
        w.big,
        w.small,
        w.of_small,
        w.kind,
        draw.kind_literal(kind),
        w.at
    );
    Case::new(setup, statement, scans_all).cured_by(vec![index(w.big, w.kind)], INDEXED)
}

pub(super) fn missing_index_of_a_range(draw: &mut Draw) -> Case {
    let (big, _) = selective(draw);
    let (w, low) = (draw.words, draw.between(10, 9_900));
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let high = low + draw.between(0, 3);
    let statement =
        format!("SELECT id, {} FROM {} WHERE {} BETWEEN {low} AND {high}", w.note, w.big, w.amount);
    Case::new(setup, statement, scans_all).cured_by(vec![index(w.big, w.amount)], INDEXED)
}

pub(super) fn missing_index_of_an_expression(draw: &mut Draw) -> Case {
    let (big, _) = selective(draw);
    let w = draw.words;
    let setup = [big.create(draw), vec![index(w.big, w.note)], tidy(&[w.big])].concat();
    let low = format!("lower({})", w.note);
    let wanted =
        format!("lower(rpad('Text {}', {}, 'lorem ipsum '))", draw.between(1, big.rows), big.width.max(14));
    let statement = format!("SELECT id, {} FROM {} WHERE {low} = {wanted}", w.amount, w.big);
    let cure = vec![index(w.big, &low), format!("ANALYZE {}", w.big)];
    Case::new(setup, statement, scans_all).cured_by(cure, INDEXED)
}

pub(super) fn missing_index_of_an_update(draw: &mut Draw) -> Case {
    let (big, kinds) = selective(draw);
    let (w, kind) = (draw.words, draw.between(0, kinds - 1));
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let statement = format!(
        "UPDATE {} SET {a} = {a} + 1 WHERE {} = {}",
        w.big,
        w.kind,
        draw.kind_literal(kind),
        a = w.amount
    );
    Case::new(setup, statement, scans_all).cured_by(vec![index(w.big, w.kind)], INDEXED)
}

/// Rows of one owner lie together, and the index knows only the owner.
fn by_owner(draw: &mut Draw) -> (Vec<String>, i64, i64) {
    let rows = draw.between(60_000, 110_000);
    let (parents, kinds) = (draw.between(5, 9), draw.between(200, 900));
    let mut big = Big::new(draw, rows, parents, kinds);
    big.of_small = format!("(1 + i::bigint * {parents} / {})::int", rows + 1);
    big.width = draw.between(100, 180);
    let w = draw.words;
    let setup = [big.create(draw), vec![index(w.big, w.of_small)], tidy(&[w.big])].concat();
    (setup, draw.between(1, parents), draw.between(0, kinds - 1))
}

pub(super) fn filter_behind_an_index(draw: &mut Draw) -> Case {
    let (setup, parent, kind) = by_owner(draw);
    let w = draw.words;
    let statement = format!(
        "SELECT id, {}, {} FROM {} WHERE {} = {parent} AND {} = {}",
        w.at,
        w.amount,
        w.big,
        w.of_small,
        w.kind,
        draw.kind_literal(kind)
    );
    let cure = vec![index(w.big, &format!("{}, {}", w.of_small, w.kind))];
    Case::new(setup, statement, filters_after_index).cured_by(cure, INDEXED)
}

pub(super) fn range_behind_an_index(draw: &mut Draw) -> Case {
    let (setup, parent, _) = by_owner(draw);
    let (w, least) = (draw.words, 9_999 - draw.between(5, 40));
    let statement = format!(
        "SELECT count(*), max({at}) FROM {} WHERE {} = {parent} AND {} > {least}",
        w.big,
        w.of_small,
        w.amount,
        at = w.at
    );
    let cure = vec![index(w.big, &format!("{}, {}", w.of_small, w.amount))];
    Case::new(setup, statement, filters_after_index).cured_by(cure, INDEXED)
}

pub(super) fn pattern_behind_an_index(draw: &mut Draw) -> Case {
    let (setup, parent, kind) = by_owner(draw);
    let w = draw.words;
    let statement = format!(
        "SELECT id, {n} FROM {} WHERE {} = {parent} AND {} IN ({}, {}) AND {n} LIKE 'Text%' ORDER BY {}",
        w.big,
        w.of_small,
        w.kind,
        draw.kind_literal(kind),
        draw.kind_literal(kind + 1),
        w.amount,
        n = w.note
    );
    let cure = vec![index(w.big, &format!("{}, {}", w.of_small, w.kind))];
    Case::new(setup, statement, filters_after_index).cured_by(cure, INDEXED)
}

/// The index whose order is taken. Without it the planner uses the one that cures, which it thinks no better.
fn walked(table: &str, columns: &str) -> String {
    format!("CREATE INDEX walked ON {table} ({columns})")
}

/// Kind 77 is only among the oldest rows.
fn old_kind(draw: &mut Draw) -> Big {
    let rows = draw.between(60_000, 110_000);
    let mut big = Big::new(draw, rows, 500, 5);
    let (oldest, every, else_kind) = (rows / draw.between(6, 12), draw.between(3, 6), draw.scattered(6));
    big.kind = draw.kind(format!("CASE WHEN i <= {oldest} AND i % {every} = 0 THEN 77 ELSE {else_kind} END"));
    big
}

pub(super) fn newest_of_an_old_kind(draw: &mut Draw) -> Case {
    let big = old_kind(draw);
    let w = draw.words;
    let mut indexes = vec![walked(w.big, w.at)];
    if draw.pick(&[true, false]) {
        indexes.push(index(w.big, w.kind));
    }
    let setup = [big.create(draw), indexes, tidy(&[w.big])].concat();
    let statement = format!(
        "SELECT id, {at}, {} FROM {} WHERE {} = {} ORDER BY {at} DESC LIMIT {}",
        w.amount,
        w.big,
        w.kind,
        draw.kind_literal(77),
        draw.pick(&[5, 10, 20]),
        at = w.at
    );
    let cure = vec![index(w.big, &format!("{}, {}", w.kind, w.at)), "DROP INDEX walked".to_owned()];
    Case::new(setup, statement, walks_an_order).cured_by(cure, INDEXED)
}

pub(super) fn last_of_a_quiet_owner(draw: &mut Draw) -> Case {
    let rows = draw.between(60_000, 110_000);
    let mut big = Big::new(draw, rows, 500, 20);
    let (quiet, busy) = (draw.scattered(20), draw.scattered(200));
    big.of_small = format!("CASE WHEN i <= {} THEN 1 + {quiet} ELSE 21 + {busy} END", rows / 6);
    let w = draw.words;
    let setup = [big.create(draw), vec![index(w.big, w.of_small)], tidy(&[w.big])].concat();
    let (owner, limit) = (draw.between(1, 20), draw.pick(&[1, 2]));
    let statement =
        format!("SELECT * FROM {} WHERE {} = {owner} ORDER BY id DESC LIMIT {limit}", w.big, w.of_small);
    let cure = vec![index(w.big, &format!("{}, id", w.of_small))];
    Case::new(setup, statement, walks_an_order).cured_by(cure, INDEXED)
}

pub(super) fn oldest_of_new_kinds(draw: &mut Draw) -> Case {
    let mut big = old_kind(draw);
    let usual = draw.scattered(6);
    let newest = big.rows - big.rows / 10;
    big.kind = draw.kind(format!("CASE WHEN i >= {newest} AND i % 4 = 0 THEN 80 + i % 2 ELSE {usual} END"));
    let w = draw.words;
    let setup = [big.create(draw), vec![walked(w.big, w.at), index(w.big, w.kind)], tidy(&[w.big])].concat();
    let statement = format!(
        "SELECT id FROM {} WHERE {} = {} AND {} >= 0 ORDER BY {} LIMIT 10",
        w.big,
        w.kind,
        draw.kind_literal(80),
        w.amount,
        w.at
    );
    let cure = vec![index(w.big, &format!("{}, {}", w.kind, w.at)), "DROP INDEX walked".to_owned()];
    Case::new(setup, statement, walks_an_order).cured_by(cure, INDEXED)
}

fn lossy(plan: &Shown) -> bool {
    plan.any(|node| number(node, "Lossy Heap Blocks") > number(node, "Exact Heap Blocks"))
}

fn wide(draw: &mut Draw) -> (Big, i64) {
    let (rows, kinds) = (draw.between(130_000, 160_000), draw.between(45, 65));
    let mut big = Big::new(draw, rows, 500, kinds);
    big.width = draw.between(200, 300);
    (big, kinds)
}

fn little_memory(draw: &Draw, big: &Big, indexed: &[&str], condition: &str) -> Case {
    let w = draw.words;
    let indexes = indexed.iter().map(|columns| index(w.big, columns)).collect();
    let setup = [big.create(draw), indexes, tidy(&[w.big])].concat();
    let statement = format!("SELECT sum({}) FROM {} WHERE {condition}", w.reference, w.big);
    let case = Case::new(setup, statement, lossy).set("work_mem", "64kB");
    case.cured_with("work_mem", "64MB", Gain::Gone("lossy-bitmap"))
}

pub(super) fn lossy_of_a_kind(draw: &mut Draw) -> Case {
    let (big, kinds) = wide(draw);
    let kind = draw.between(0, kinds - 1);
    let condition = format!("{} = {}", draw.words.kind, draw.kind_literal(kind));
    little_memory(draw, &big, &[draw.words.kind], &condition)
}

pub(super) fn lossy_of_a_range(draw: &mut Draw) -> Case {
    let (big, _) = wide(draw);
    let low = draw.between(100, 9_000);
    let condition = format!("{} BETWEEN {low} AND {}", draw.words.amount, low + draw.between(160, 210));
    little_memory(draw, &big, &[draw.words.amount], &condition)
}

pub(super) fn lossy_of_two(draw: &mut Draw) -> Case {
    let (big, kinds) = wide(draw);
    let (low, kind) = (draw.between(100, 9_000), draw.between(0, kinds - 1));
    let (w, kind) = (draw.words, draw.kind_literal(kind));
    let condition = format!("{} = {kind} OR {} BETWEEN {low} AND {}", w.kind, w.amount, low + 80);
    little_memory(draw, &big, &[w.kind, w.amount], &condition)
}

fn fetches(plan: &Shown) -> bool {
    plan.any(|node| number(node, "Heap Fetches") > 0.5 * rows(node) && rows(node) > 1000.0)
}

/// Vacuumed, and then `change`d all over.
fn changed(draw: &mut Draw, columns: &str, change: impl Fn(&Draw, i64) -> String, what: &str) -> Case {
    let rows = draw.between(60_000, 110_000);
    let big = Big::new(draw, rows, 500, 50);
    let w = draw.words;
    let every = draw.between(15, 30);
    let changes = vec![change(draw, every)];
    let setup = [big.create(draw), vec![index(w.big, columns)], tidy(&[w.big]), changes].concat();
    let low = draw.between(100, 8_000);
    let high = low + draw.between(500, 900);
    let statement = format!("SELECT {what} FROM {} WHERE {} BETWEEN {low} AND {high}", w.big, w.amount);
    Case::new(setup, statement, fetches).cured_by(vec![format!("VACUUM {}", w.big)], INDEXED)
}

pub(super) fn updated_since_vacuum(draw: &mut Draw) -> Case {
    let update = |draw: &Draw, every: i64| {
        format!(
            "UPDATE {} SET {r} = {r} + 1 WHERE id % {every} = 0",
            draw.words.big,
            r = draw.words.reference
        )
    };
    changed(draw, draw.words.amount, update, "count(*)")
}

pub(super) fn deleted_since_vacuum(draw: &mut Draw) -> Case {
    let delete = |draw: &Draw, every: i64| format!("DELETE FROM {} WHERE id % {every} = 0", draw.words.big);
    changed(draw, draw.words.amount, delete, "count(*)")
}

pub(super) fn covering_index_unvacuumed(draw: &mut Draw) -> Case {
    let w = draw.words;
    let update = |draw: &Draw, every: i64| {
        format!("UPDATE {} SET {n} = {n} || '!' WHERE id % {every} = 1", draw.words.big, n = draw.words.note)
    };
    changed(draw, &format!("{}, id", w.amount), update, "sum(id)")
}
