//! Faults of what the planner expected.

use super::case::{Case, Gain};
use super::draw::Draw;
use super::shown::{Shown, more_than_expected, number, rows};
use super::tables::{Big, index, other, small, tidy};

const PLANNED_BETTER: Gain = Gain::Blocks(2.0);

fn far_more(plan: &Shown) -> bool {
    plan.any(|node| rows(node) > 500.0 && more_than_expected(node) > 20.0)
}

fn loops_over_many(plan: &Shown) -> bool {
    let outer = |node: &serde_json::Value| {
        node["Node Type"] == "Nested Loop"
            && number(&node["Plans"][0], "Actual Rows") > 1000.0
            && more_than_expected(&node["Plans"][0]) > 20.0
    };
    plan.any(outer)
}

/// Columns of which the first tells the others, `values` of them.
fn dependent(draw: &mut Draw, values: i64, columns: usize) -> Case {
    let (rows, w) = (draw.between(45_000, 80_000), draw.words);
    let first = draw.scattered(values);
    let names = &w.together[..columns];
    let mut setup = vec![
        format!(
            "CREATE TABLE {} (id int PRIMARY KEY, {} int, {} int, {} int, {} text)",
            w.big, w.together[0], w.together[1], w.together[2], w.note
        ),
        format!(
            "INSERT INTO {} SELECT i, v, v * 7 + 3, v * 11 + 1, rpad('text ' || i, 40, 'x')
             FROM (SELECT i, {first} v FROM generate_series(1, {rows}) i) s",
            w.big
        ),
    ];
    if draw.pick(&[true, false]) {
        setup.push(index(w.big, w.together[0]));
    }
    let others = draw.between(rows, rows + 30_000);
    let setup = [setup, other(draw, others, rows, true), tidy(&[w.big, w.other])].concat();
    let value = draw.between(0, values - 1);
    let numbers = [value, value * 7 + 3, value * 11 + 1];
    let conditions: Vec<String> =
        names.iter().zip(numbers).map(|(name, number)| format!("b.{name} = {number}")).collect();
    let statement = format!(
        "SELECT count(*), sum(o.{}) FROM {} b JOIN {} o ON o.{} = b.id WHERE {}",
        w.amount,
        w.big,
        w.other,
        w.of_big,
        conditions.join(" AND ")
    );
    let together = names.join(", ");
    let cure = vec![
        format!("CREATE STATISTICS together (dependencies, mcv) ON {together} FROM {}", w.big),
        format!("ANALYZE {}", w.big),
    ];
    Case::new(setup, statement, far_more).cured_by(cure, PLANNED_BETTER)
}

pub(super) fn three_that_depend(draw: &mut Draw) -> Case {
    let values = draw.between(10, 18);
    dependent(draw, values, 3)
}

pub(super) fn two_that_depend(draw: &mut Draw) -> Case {
    let values = draw.between(22, 32);
    dependent(draw, values, 2)
}

/// A big table and one whose rows belong to it.
fn pair(draw: &mut Draw, big: &Big) -> Vec<String> {
    let others = draw.between(big.rows, big.rows + 30_000);
    let w = draw.words;
    [big.create(draw), other(draw, others, big.rows, true), tidy(&[w.big, w.other])].concat()
}

pub(super) fn expression_unknown(draw: &mut Draw) -> Case {
    let rows = draw.between(50_000, 80_000);
    let big = Big::new(draw, rows, 500, 20);
    let setup = pair(draw, &big);
    let w = draw.words;
    let month = format!("date_trunc('month', {})", w.at);
    let statement = format!(
        "SELECT sum(o.{}) FROM {} b JOIN {} o ON o.{} = b.id WHERE date_trunc('month', b.{}) = '2024-01-01'",
        w.amount, w.big, w.other, w.of_big, w.at
    );
    let cure =
        vec![format!("CREATE STATISTICS months ON {month} FROM {}", w.big), format!("ANALYZE {}", w.big)];
    let case = Case::new(setup, statement, far_more).set("random_page_cost", "1.1");
    case.cured_by(cure, PLANNED_BETTER)
}

pub(super) fn one_owner_has_most(draw: &mut Draw) -> Case {
    let (rows, parents) = (draw.between(40_000, 70_000), draw.between(600, 1500));
    let mut big = Big::new(draw, rows, parents, 20);
    let most = draw.between(3, 5);
    big.of_small = format!("CASE WHEN i % 10 < {most} THEN 1 ELSE {} END", big.of_small);
    let w = draw.words;
    let owners = [small(draw, parents), vec![index(w.small, "name"), index(w.big, w.of_small)]].concat();
    let setup = [pair(draw, &big), owners, tidy(&[w.big, w.small])].concat();
    let statement = format!(
        "SELECT count(*), sum(o.{}) FROM {} s JOIN {} b ON b.{} = s.id JOIN {} o ON o.{} = b.id WHERE s.name = 'Name 1'",
        w.amount, w.small, w.big, w.of_small, w.other, w.of_big
    );
    let case = Case::new(setup, statement, loops_over_many);
    case.cured_with("enable_nestloop", "off", Gain::Blocks(3.0))
}

pub(super) fn rows_of_an_array(draw: &mut Draw) -> Case {
    let rows = draw.between(40_000, 70_000);
    let big = Big::new(draw, rows, 500, 20);
    let setup = pair(draw, &big);
    let (w, taken) = (draw.words, draw.between(5_000, 12_000));
    let statement = format!(
        "SELECT sum(o.{}) FROM unnest((SELECT array_agg(id) FROM {} WHERE id <= {taken})) AS chosen (id)
         JOIN {} o ON o.{} = chosen.id",
        w.amount, w.big, w.other, w.of_big
    );
    let case = Case::new(setup, statement, loops_over_many);
    case.cured_with("enable_nestloop", "off", Gain::Blocks(3.0))
}

pub(super) fn pattern_that_most_fit(draw: &mut Draw) -> Case {
    let rows = draw.between(40_000, 60_000);
    let big = Big::new(draw, rows, 500, 20);
    let setup = pair(draw, &big);
    let w = draw.words;
    let statement = format!(
        "SELECT count(o.label) FROM {} b JOIN {} o ON o.{} = b.id WHERE coalesce({}, 0) % 2 = 0",
        w.big, w.other, w.of_big, w.reference
    );
    let case = Case::new(setup, statement, loops_over_many).set("random_page_cost", "1.1");
    case.cured_with("enable_nestloop", "off", Gain::Blocks(3.0))
}

/// Analysed when it had the kinds 0 to 5; since then `more` rows of kind 9 came.
fn grown(draw: &mut Draw, condition: impl Fn(&Draw, i64) -> String) -> Case {
    let (rows, more) = (draw.between(20_000, 40_000), draw.between(25_000, 50_000));
    let old = Big::new(draw, rows, 500, 6);
    let w = draw.words;
    let new_kind = draw.kind(9);
    let new = Big { kind: new_kind, ..Big::new(draw, rows, 500, 6) };
    let others = other(draw, rows + more, rows + more, true);
    let before = [old.create(draw), vec![index(w.big, w.kind)], others, tidy(&[w.big, w.other])].concat();
    let setup = [before, vec![new.insert(draw, rows + 1, rows + more)]].concat();
    let statement = format!(
        "SELECT count(*), max(o.{}) FROM {} b JOIN {} o ON o.{} = b.id WHERE {}",
        w.amount,
        w.big,
        w.other,
        w.of_big,
        condition(draw, rows)
    );
    Case::new(setup, statement, far_more).cured_by(vec![format!("ANALYZE {}", w.big)], PLANNED_BETTER)
}

pub(super) fn kind_that_came_since(draw: &mut Draw) -> Case {
    grown(draw, |draw, _| format!("b.{} = {}", draw.words.kind, draw.kind_literal(9)))
}

pub(super) fn days_that_came_since(draw: &mut Draw) -> Case {
    grown(draw, |draw, rows| {
        format!("b.{} > timestamp '2024-01-01' + interval '{} minutes'", draw.words.at, rows + 60)
    })
}

pub(super) fn never_analysed(draw: &mut Draw) -> Case {
    let rows = draw.between(50_000, 90_000);
    let mut big = Big::new(draw, rows, 500, 20);
    let usual = draw.scattered(10);
    big.kind = draw.kind(format!("CASE WHEN {usual} < 6 THEN 3 ELSE {usual} END"));
    let w = draw.words;
    let others = other(draw, rows + 10_000, rows, true);
    let setup = [big.create(draw), others, tidy(&[w.other])].concat();
    let statement = format!(
        "SELECT count(*), max(o.{}) FROM {} b JOIN {} o ON o.{} = b.id WHERE b.{} = {}",
        w.amount,
        w.big,
        w.other,
        w.of_big,
        w.kind,
        draw.kind_literal(3)
    );
    let case = Case::new(setup, statement, far_more).set("random_page_cost", "1.1");
    case.cured_by(vec![format!("ANALYZE {}", w.big)], PLANNED_BETTER)
}
