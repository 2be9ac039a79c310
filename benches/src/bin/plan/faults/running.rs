//! Faults of what is done around the rows.

use super::case::{Case, Gain};
use super::draw::Draw;
use super::shown::{Shown, number};
use super::tables::{Big, index, other, small, tidy};

fn compiles_longer(plan: &Shown) -> bool {
    plan.jit_ms() > 0.5 * plan.execution_ms() && plan.jit_ms() > 20.0
}

fn compiled(draw: &mut Draw, statement: impl Fn(&Draw) -> String) -> Case {
    let rows = draw.between(5_000, 20_000);
    let big = Big::new(draw, rows, 500, 12);
    let w = draw.words;
    let setup = [big.create(draw), small(draw, 500), tidy(&[w.big, w.small])].concat();
    let above = draw.pick(&["0", "10", "100"]);
    let case =
        Case::new(setup, statement(draw), compiles_longer).set("jit", "on").set("jit_above_cost", above);
    let case = case.set("jit_inline_above_cost", above).set("jit_optimize_above_cost", above);
    case.cured_with("jit", "off", Gain::Time(2.0))
}

pub(super) fn compiled_sums(draw: &mut Draw) -> Case {
    compiled(draw, |draw| {
        let w = draw.words;
        format!(
            "SELECT {k}, count(*), sum({a}), avg({a} * 1.5), max({}), min(length({})) FROM {} GROUP BY {k}",
            w.at,
            w.note,
            w.big,
            k = w.kind,
            a = w.amount
        )
    })
}

pub(super) fn compiled_cases(draw: &mut Draw) -> Case {
    compiled(draw, |draw| {
        let w = draw.words;
        format!(
            "SELECT sum(CASE WHEN {a} % 3 = 0 THEN {a} WHEN {a} % 3 = 1 THEN -{a} ELSE id END), max(upper({}))
             FROM {} WHERE {a} > 500 AND {} <> 7",
            w.note,
            w.big,
            w.reference,
            a = w.amount
        )
    })
}

pub(super) fn compiled_join(draw: &mut Draw) -> Case {
    compiled(draw, |draw| {
        let w = draw.words;
        format!(
            "SELECT s.grade, sum(b.{a}), count(DISTINCT b.{}) FROM {} b JOIN {} s ON s.id = b.{} GROUP BY s.grade",
            w.kind,
            w.big,
            w.small,
            w.of_small,
            a = w.amount
        )
    })
}

fn plans_longer(plan: &Shown) -> bool {
    plan.planning_ms() > 2.0 && plan.planning_ms() > 3.0 * plan.execution_ms()
}

/// A table of a partition a day.
fn days(draw: &mut Draw) -> (Vec<String>, i64) {
    let (parts, w) = (draw.between(300, 450), draw.words);
    let each = draw.between(40, 120);
    let setup = vec![
        format!("CREATE TABLE {} (id int, day int NOT NULL, {} int) PARTITION BY RANGE (day)", w.big, w.amount),
        format!(
            "DO $$ BEGIN FOR d IN 0..{} LOOP
               EXECUTE format('CREATE TABLE part_%s PARTITION OF {} FOR VALUES FROM (%s) TO (%s)', d, d, d + 1);
             END LOOP; END $$",
            parts - 1,
            w.big.replace('\'', "''")
        ),
        index(w.big, &format!("day, {}", w.amount)),
        index(w.big, "id"),
        format!("INSERT INTO {} SELECT i, i / {each}, i % 97 FROM generate_series(0, {}) i", w.big, parts * each - 1),
        format!("CREATE TABLE {} (name text, day int)", w.small),
        format!("INSERT INTO {} SELECT 'now', {}", w.small, draw.between(1, parts - 1)),
        format!("ANALYZE {}", w.big),
        format!("ANALYZE {}", w.small),
    ];
    (setup, parts)
}

pub(super) fn partitions_told_by_a_query(draw: &mut Draw) -> Case {
    let (setup, parts) = days(draw);
    let (w, day) = (draw.words, draw.between(1, parts - 1));
    let ask = |day: &str| {
        format!("SELECT count(*), sum({a}) FROM {} WHERE day = {day} AND {a} > 3", w.big, a = w.amount)
    };
    let told = ask(&format!("(SELECT day FROM {} WHERE name = 'now')", w.small));
    Case::new(setup, told, plans_longer).cured_as(ask(&day.to_string()), Gain::Planning(3.0))
}

pub(super) fn partitions_told_by_the_clock(draw: &mut Draw) -> Case {
    let (setup, parts) = days(draw);
    let (w, day) = (draw.words, draw.between(1, parts - 1));
    let ask =
        |day: &str| format!("SELECT id, {a} FROM {} WHERE day = {day} AND {a} < 20", w.big, a = w.amount);
    let clock = format!("{day} + (extract(epoch FROM now() - now()))::int");
    Case::new(setup, ask(&clock), plans_longer).cured_as(ask(&day.to_string()), Gain::Planning(3.0))
}

pub(super) fn orders_of_many_joins(draw: &mut Draw) -> Case {
    let (tables, w) = (draw.between(9, 10), draw.words);
    let mut setup = Vec::new();
    let mut from = format!("{}_0 t0", w.small);
    for table in 0..tables {
        let name = format!("{}_{table}", w.small);
        setup.push(format!("CREATE TABLE {name} (id int PRIMARY KEY, ref int, name text)"));
        setup
            .push(format!("INSERT INTO {name} SELECT i, 1 + i % 50, 'n' || i FROM generate_series(1, 50) i"));
        setup.push(format!("ANALYZE {name}"));
        if table > 0 {
            let before = draw.between(0, table - 1);
            from.push_str(&format!(" JOIN {name} t{table} ON t{table}.id = t{before}.ref"));
        }
    }
    let statement =
        format!("SELECT t0.name, t{}.name FROM {from} WHERE t0.id = {}", tables - 1, draw.between(1, 50));
    let case = Case::new(setup, statement, plans_longer).set("join_collapse_limit", "12");
    case.cured_with("join_collapse_limit", "1", Gain::Planning(3.0))
}

fn too_few_workers(plan: &Shown) -> bool {
    plan.any(|node| number(node, "Workers Planned") > number(node, "Workers Launched"))
}

fn shared_out(draw: &mut Draw, statement: impl Fn(&Draw) -> String) -> Case {
    let rows = draw.between(90_000, 130_000);
    let mut big = Big::new(draw, rows, 500, 12);
    big.width = draw.between(90, 160);
    let w = draw.words;
    let setup = [big.create(draw), other(draw, 60_000, rows, false), tidy(&[w.big, w.other])].concat();
    let planned = draw.pick(&["2", "4"]);
    let left = draw.pick(&["0", "1"]);
    let case = Case::new(setup, statement(draw), too_few_workers).set("max_parallel_workers", left);
    let case =
        case.set("max_parallel_workers_per_gather", planned).set("min_parallel_table_scan_size", "256kB");
    case.set("parallel_setup_cost", "100").cured_with(
        "max_parallel_workers",
        "8",
        Gain::Gone("workers-not-launched"),
    )
}

pub(super) fn sums_without_workers(draw: &mut Draw) -> Case {
    shared_out(draw, |draw| {
        let w = draw.words;
        format!("SELECT {k}, count(*), avg({}) FROM {} GROUP BY {k}", w.amount, w.big, k = w.kind)
    })
}

pub(super) fn count_without_workers(draw: &mut Draw) -> Case {
    shared_out(draw, |draw| {
        let w = draw.words;
        format!("SELECT count(*) FROM {} WHERE {} LIKE '%lorem%'", w.big, w.note)
    })
}

pub(super) fn join_without_workers(draw: &mut Draw) -> Case {
    shared_out(draw, |draw| {
        let w = draw.words;
        format!(
            "SELECT sum(b.{a} + o.{a}) FROM {} b JOIN {} o ON o.{} = b.id",
            w.big,
            w.other,
            w.of_big,
            a = w.amount
        )
    })
}

fn waits_for_triggers(plan: &Shown) -> bool {
    plan.trigger_ms() > 0.5 * plan.execution_ms() && plan.trigger_ms() > 10.0
}

/// Parents of whom the upper half has no rows in the big table.
fn family(draw: &mut Draw) -> (Vec<String>, i64) {
    let (rows, parents) = (draw.between(30_000, 60_000), draw.between(400, 900));
    let big = Big::new(draw, rows, parents / 2, 12);
    let w = draw.words;
    let setup = [small(draw, parents), big.create(draw), tidy(&[w.big, w.small])].concat();
    (setup, parents)
}

pub(super) fn delete_looks_for_children(draw: &mut Draw) -> Case {
    let (mut setup, parents) = family(draw);
    let w = draw.words;
    setup.push(format!("ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES {}", w.big, w.of_small, w.small));
    let last = parents - draw.between(20, 60);
    let statement = format!("DELETE FROM {} WHERE id > {last}", w.small);
    let case = Case::new(setup, statement, waits_for_triggers);
    case.cured_by(vec![index(w.big, w.of_small)], Gain::Time(2.0))
}

/// A trigger for each row that adds up what the big table has.
fn counted(draw: &Draw, event: &str) -> Vec<String> {
    let w = draw.words;
    vec![
        format!(
            "CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM count(*) FROM {} WHERE {} = NEW.id; RETURN NULL; END $$",
            w.big, w.of_small
        ),
        format!(
            "CREATE TRIGGER counted AFTER {event} ON {} FOR EACH ROW EXECUTE FUNCTION counted()",
            w.small
        ),
    ]
}

pub(super) fn insert_counts(draw: &mut Draw) -> Case {
    let (setup, parents) = family(draw);
    let setup = [setup, counted(draw, "INSERT")].concat();
    let w = draw.words;
    let statement = format!(
        "INSERT INTO {} SELECT i, 'new ' || i, i, 0 FROM generate_series({}, {}) i",
        w.small,
        parents + 1,
        parents + draw.between(40, 120)
    );
    let case = Case::new(setup, statement, waits_for_triggers);
    case.cured_by(vec![format!("ALTER TABLE {} DISABLE TRIGGER counted", w.small)], Gain::Time(2.0))
}

pub(super) fn update_counts(draw: &mut Draw) -> Case {
    let (setup, parents) = family(draw);
    let setup = [setup, counted(draw, "UPDATE")].concat();
    let w = draw.words;
    let statement = format!("UPDATE {} SET grade = grade + 1 WHERE id <= {}", w.small, parents / 8);
    let case = Case::new(setup, statement, waits_for_triggers);
    case.cured_by(vec![format!("ALTER TABLE {} DISABLE TRIGGER counted", w.small)], Gain::Time(2.0))
}
