//! Faults of how the statement asks.

use super::case::{Case, Gain};
use super::draw::Draw;
use super::shown::{Shown, filtered, number, rows};
use super::tables::{Big, index, small, tidy};

const ASKED_BETTER: Gain = Gain::Blocks(3.0);

fn runs_again_and_again(plan: &Shown) -> bool {
    plan.any(|node| node["Parent Relationship"] == "SubPlan" && number(node, "Actual Loops") > 500.0)
}

/// Each parent's rows are all over the big table, and an index leads to them.
fn families(draw: &mut Draw) -> (Vec<String>, i64) {
    let parents = draw.between(900, 1600);
    let rows = parents * draw.between(35, 50);
    let big = Big::new(draw, rows, parents, parents / 40);
    let w = draw.words;
    let indexes = vec![index(w.big, w.of_small), index(w.big, w.kind)];
    let setup = [small(draw, parents), big.create(draw), indexes, tidy(&[w.big, w.small])].concat();
    (setup, parents / 40)
}

pub(super) fn highest_of_each(draw: &mut Draw) -> Case {
    let (setup, _) = families(draw);
    let w = draw.words;
    let (big, small, of, a) = (w.big, w.small, w.of_small, w.amount);
    let statement = format!(
        "SELECT s.id, s.name, (SELECT max(b.{a}) FROM {big} b WHERE b.{of} = s.id) AS highest FROM {small} s"
    );
    let better = format!(
        "SELECT s.id, s.name, g.highest FROM {small} s
         LEFT JOIN (SELECT {of}, max({a}) AS highest FROM {big} GROUP BY {of}) g ON g.{of} = s.id"
    );
    Case::new(setup, statement, runs_again_and_again).cured_as(better, ASKED_BETTER)
}

pub(super) fn above_the_average(draw: &mut Draw) -> Case {
    let (setup, kinds) = families(draw);
    let w = draw.words;
    let (big, of, a, kind) = (w.big, w.of_small, w.amount, w.kind);
    let wanted = draw.between(0, kinds - 1);
    let wanted = draw.kind_literal(wanted);
    let statement = format!(
        "SELECT count(*) FROM {big} b
         WHERE b.{kind} = {wanted} AND b.{a} > (SELECT avg(x.{a}) FROM {big} x WHERE x.{of} = b.{of})"
    );
    let better = format!(
        "SELECT count(*) FROM {big} b JOIN (SELECT {of}, avg({a}) AS usual FROM {big} GROUP BY {of}) g ON g.{of} = b.{of}
         WHERE b.{kind} = {wanted} AND b.{a} > g.usual"
    );
    Case::new(setup, statement, runs_again_and_again).cured_as(better, ASKED_BETTER)
}

pub(super) fn order_by_a_count(draw: &mut Draw) -> Case {
    let (setup, _) = families(draw);
    let w = draw.words;
    let (big, small, of, a) = (w.big, w.small, w.of_small, w.amount);
    let statement = format!(
        "SELECT s.name FROM {small} s
         ORDER BY (SELECT count(*) FROM {big} b WHERE b.{of} = s.id AND b.{a} >= 0) DESC, s.id LIMIT 10"
    );
    let better = format!(
        "SELECT s.name FROM {small} s LEFT JOIN (SELECT {of}, count(*) AS n FROM {big} WHERE {a} >= 0 GROUP BY {of}) g
         ON g.{of} = s.id ORDER BY g.n DESC NULLS LAST, s.id LIMIT 10"
    );
    Case::new(setup, statement, runs_again_and_again).cured_as(better, ASKED_BETTER)
}

fn skips_far(plan: &Shown) -> bool {
    plan.any(|node| node["Node Type"] == "Limit" && rows(&node["Plans"][0]) > 100.0 * rows(node))
}

pub(super) fn page_far_back(draw: &mut Draw) -> Case {
    let rows = draw.between(60_000, 110_000);
    let big = Big::new(draw, rows, 500, 12);
    let w = draw.words;
    let setup = [big.create(draw), tidy(&[w.big])].concat();
    let (skip, page) = (rows * draw.between(4, 8) / 10, draw.pick(&[10, 20, 50]));
    let statement = format!("SELECT * FROM {} ORDER BY id LIMIT {page} OFFSET {skip}", w.big);
    let better = format!("SELECT * FROM {} WHERE id > {skip} ORDER BY id LIMIT {page}", w.big);
    Case::new(setup, statement, skips_far).cured_as(better, ASKED_BETTER)
}

pub(super) fn page_of_the_past(draw: &mut Draw) -> Case {
    let rows = draw.between(60_000, 110_000);
    let big = Big::new(draw, rows, 500, 12);
    let w = draw.words;
    let setup = [big.create(draw), vec![index(w.big, w.at)], tidy(&[w.big])].concat();
    let skip = rows * draw.between(3, 7) / 10;
    let statement = format!(
        "SELECT id, {at}, {} FROM {} ORDER BY {at} DESC OFFSET {skip} LIMIT 25",
        w.amount,
        w.big,
        at = w.at
    );
    let better = format!(
        "SELECT id, {at}, {} FROM {} WHERE {at} < timestamp '2024-01-01' + interval '{} minutes' ORDER BY {at} DESC LIMIT 25",
        w.amount,
        w.big,
        rows - skip,
        at = w.at
    );
    Case::new(setup, statement, skips_far).cured_as(better, ASKED_BETTER)
}

pub(super) fn page_of_one_owner(draw: &mut Draw) -> Case {
    let rows = draw.between(60_000, 110_000);
    let big = Big::new(draw, rows, 4, 12);
    let (w, owner) = (draw.words, draw.between(1, 4));
    let setup =
        [big.create(draw), vec![index(w.big, &format!("{}, id", w.of_small))], tidy(&[w.big])].concat();
    let skip = rows / draw.between(8, 16);
    let ask = |from: i64, skip: i64| {
        format!(
            "SELECT id, {} FROM {} WHERE {} = {owner} AND id > {from} ORDER BY id LIMIT 20 OFFSET {skip}",
            w.note, w.big, w.of_small
        )
    };
    Case::new(setup, ask(0, skip), skips_far).cured_as(ask(skip * 4, 0), ASKED_BETTER)
}

fn filters_late(plan: &Shown) -> bool {
    let removed = |node: &serde_json::Value| {
        number(node, "Rows Removed by Join Filter") * number(node, "Actual Loops").max(1.0) + filtered(node)
    };
    plan.any(|node| {
        node["Node Type"].as_str().is_some_and(|name| name.ends_with("Join") || name == "Nested Loop")
            && removed(node) > 1000.0
            && removed(node) > 20.0 * rows(node)
    })
}

/// Parents with a code of their own and children of rare kinds, all of it indexed.
fn indexed(draw: &mut Draw) -> (Vec<String>, i64, i64) {
    let (rows, parents) = (draw.between(40_000, 80_000), draw.between(4_000, 9_000));
    let kinds = rows / draw.between(10, 25);
    let big = Big::new(draw, rows, parents, kinds);
    let w = draw.words;
    let indexes = vec![index(w.small, "code"), index(w.big, w.of_small), index(w.big, w.kind)];
    let setup = [small(draw, parents), big.create(draw), indexes, tidy(&[w.big, w.small])].concat();
    (setup, parents, kinds)
}

pub(super) fn or_across_a_join(draw: &mut Draw) -> Case {
    let (setup, parents, kinds) = indexed(draw);
    let w = draw.words;
    let (code, kind) = (draw.between(1, parents) * 7919 % 1_000_003, draw.between(0, kinds - 1));
    let kind = draw.kind_literal(kind);
    let columns = draw.pick(&["b.id, s.name", "b.id"]);
    let ask = |condition: String| {
        format!(
            "SELECT {columns} FROM {} b JOIN {} s ON s.id = b.{} WHERE {condition}",
            w.big, w.small, w.of_small
        )
    };
    let (left, right) = (format!("s.code = {code}"), format!("b.{} = {kind}", w.kind));
    let better = format!("{} UNION {}", ask(left.clone()), ask(right.clone()));
    Case::new(setup, ask(format!("{left} OR {right}")), filters_late).cured_as(better, ASKED_BETTER)
}

pub(super) fn or_of_lists_across_a_join(draw: &mut Draw) -> Case {
    let (setup, parents, kinds) = indexed(draw);
    let w = draw.words;
    let codes = [1, 2, 3].map(|_| (draw.between(1, parents) * 7919 % 1_000_003).to_string()).join(", ");
    let low = draw.between(1, kinds - 3);
    let ask = |condition: String| {
        format!(
            "SELECT count(*) FROM (SELECT b.id FROM {} b JOIN {} s ON s.id = b.{} WHERE {condition}",
            w.big, w.small, w.of_small
        )
    };
    let (left, right) = (
        format!("s.code IN ({codes})"),
        format!("b.{} IN ({}, {})", w.kind, draw.kind_literal(low), draw.kind_literal(low + 1)),
    );
    let inner = ask(right.clone()).replace("SELECT count(*) FROM (", "");
    let better = format!("{} UNION {inner}) x", ask(left.clone()));
    let statement = format!("{}) x", ask(format!("{left} OR {right}")));
    Case::new(setup, statement, filters_late).cured_as(better, ASKED_BETTER)
}

pub(super) fn condition_on_what_may_be_missing(draw: &mut Draw) -> Case {
    let (setup, parents, _) = indexed(draw);
    let w = draw.words;
    let code = draw.between(1, parents) * 7919 % 1_000_003;
    let ask = |join: &str, condition: String| {
        format!(
            "SELECT b.id, b.{} FROM {} b {join} JOIN {} s ON s.id = b.{} WHERE {condition}",
            w.amount, w.big, w.small, w.of_small
        )
    };
    let statement = ask("LEFT", format!("coalesce(s.code, 0) = {code}"));
    let better = ask("", format!("s.code = {code}"));
    Case::new(setup, statement, filters_late).cured_as(better, ASKED_BETTER)
}
