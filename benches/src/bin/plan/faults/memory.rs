//! Faults of too little memory.

use super::case::{Case, Gain};
use super::draw::Draw;
use super::shown::{Shown, number};
use super::tables::{Big, other, tidy};

const ENOUGH: &str = "512MB";

fn sorts_on_disk(plan: &Shown) -> bool {
    plan.signs().contains(&"sort-spill")
}

fn hashes_in_batches(plan: &Shown) -> bool {
    plan.any(|node| node["Node Type"] == "Hash" && number(node, "Hash Batches") > 1.0)
}

fn aggregates_in_batches(plan: &Shown) -> bool {
    plan.any(|node| number(node, "HashAgg Batches") > 1.0 && number(node, "Disk Usage") > 0.0)
}

fn sorted(draw: &mut Draw, statement: impl Fn(&Draw) -> String) -> Case {
    let (rows, kinds) = (draw.between(40_000, 90_000), draw.between(10, 40));
    let big = Big::new(draw, rows, 500, kinds);
    let setup = [big.create(draw), tidy(&[draw.words.big])].concat();
    let memory = draw.pick(&["256kB", "512kB", "1MB"]);
    let case = Case::new(setup, statement(draw), sorts_on_disk).set("work_mem", memory);
    case.cured_with("work_mem", ENOUGH, Gain::Gone("sort-spill"))
}

pub(super) fn order_of_a_table(draw: &mut Draw) -> Case {
    sorted(draw, |draw| {
        let w = draw.words;
        format!("SELECT id, {}, {a} FROM {} ORDER BY {a}, {}", w.at, w.big, w.note, a = w.amount)
    })
}

pub(super) fn order_of_a_window(draw: &mut Draw) -> Case {
    sorted(draw, |draw| {
        let w = draw.words;
        format!(
            "SELECT max(place) FROM (SELECT row_number() OVER (PARTITION BY {} ORDER BY {}, id) AS place FROM {}) s",
            w.kind, w.amount, w.big
        )
    })
}

pub(super) fn order_of_distinct(draw: &mut Draw) -> Case {
    sorted(draw, |draw| {
        let w = draw.words;
        format!(
            "SELECT DISTINCT ON ({o}) {o}, {a}, {} FROM {} ORDER BY {o}, {a} DESC",
            w.note,
            w.big,
            o = w.of_small,
            a = w.amount
        )
    })
}

fn hashed(draw: &mut Draw, statement: impl Fn(&Draw) -> String) -> Case {
    let rows = draw.between(40_000, 80_000);
    let mut big = Big::new(draw, rows, 500, 20);
    big.primary = false;
    let others = draw.between(rows, rows + 40_000);
    let w = draw.words;
    let setup = [big.create(draw), other(draw, others, rows, false), tidy(&[w.big, w.other])].concat();
    let memory = draw.pick(&["64kB", "128kB", "256kB"]);
    let case = Case::new(setup, statement(draw), hashes_in_batches).set("work_mem", memory);
    case.cured_with("work_mem", ENOUGH, Gain::Gone("hash-spill"))
}

pub(super) fn hash_of_a_table(draw: &mut Draw) -> Case {
    hashed(draw, |draw| {
        let w = draw.words;
        format!(
            "SELECT count(*), sum(b.{a} + o.{a}) FROM {} b JOIN {} o ON o.{} = b.id",
            w.big,
            w.other,
            w.of_big,
            a = w.amount
        )
    })
}

pub(super) fn hash_of_an_outer_join(draw: &mut Draw) -> Case {
    hashed(draw, |draw| {
        let w = draw.words;
        format!(
            "SELECT max(o.label), max(b.{}) FROM {} o LEFT JOIN {} b ON b.id = o.{} AND b.{} >= 0",
            w.note, w.other, w.big, w.of_big, w.amount
        )
    })
}

pub(super) fn hash_of_those_without(draw: &mut Draw) -> Case {
    hashed(draw, |draw| {
        let w = draw.words;
        format!(
            "SELECT count(*) FROM {} b WHERE NOT EXISTS (SELECT FROM {} o WHERE o.{} = b.id)",
            w.big, w.other, w.of_big
        )
    })
}

fn grouped(draw: &mut Draw, statement: impl Fn(&Draw) -> String) -> Case {
    let rows = draw.between(50_000, 90_000);
    let big = Big::new(draw, rows, 500, 20);
    let setup = [big.create(draw), tidy(&[draw.words.big])].concat();
    let memory = draw.pick(&["512kB", "768kB", "1MB"]);
    let case = Case::new(setup, statement(draw), aggregates_in_batches).set("work_mem", memory);
    case.cured_with("work_mem", ENOUGH, Gain::Gone("aggregate-spill"))
}

pub(super) fn groups_of_a_number(draw: &mut Draw) -> Case {
    grouped(draw, |draw| {
        let w = draw.words;
        format!("SELECT {r}, count(*), sum({}) FROM {} GROUP BY {r}", w.amount, w.big, r = w.reference)
    })
}

pub(super) fn groups_of_distinct(draw: &mut Draw) -> Case {
    grouped(draw, |draw| {
        let w = draw.words;
        format!("SELECT DISTINCT {}, {} FROM {}", w.reference, w.of_small, w.big)
    })
}

pub(super) fn groups_of_a_text(draw: &mut Draw) -> Case {
    grouped(draw, |draw| {
        let w = draw.words;
        format!("SELECT count(*) FROM (SELECT {n}, max({}) FROM {} GROUP BY {n}) g", w.at, w.big, n = w.note)
    })
}
