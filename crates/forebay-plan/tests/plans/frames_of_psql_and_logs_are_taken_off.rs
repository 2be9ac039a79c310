//! One plan as psql 15 printed it under each of its settings, and as a log has it.
//!
//! `psql/*.txt` are its own output (`EXPLAIN` over two small tables, after `\pset …`), and `auto_explain`'s as a server logs it.

use forebay_plan::{Plan, read};

/// The outline of the plan that all files have.
const OUTLINE: [&str; 5] = ["0 Sort", "1 Aggregate", "2 Hash Join", "3 Seq Scan on person", "3 Hash"];

fn outline(plan: &Plan) -> Vec<String> {
    plan.nodes()
        .iter()
        .map(|node| {
            let on = node.relation().map(|relation| format!(" on {relation}")).unwrap_or_default();
            format!("{} {}{on}", node.depth(), node.node_type())
        })
        .collect()
}

fn check(name: &str, text: &str) {
    let plans = read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(plans.len(), 1, "{name}");
    let plan = &plans[0];
    let found = outline(plan);
    assert_eq!(found[..5], OUTLINE, "{name}");
    assert_eq!(found[5..], ["4 Seq Scan on team"], "{name}");
    let costs: Vec<_> = plan.nodes().iter().map(|node| node.total_cost()).collect();
    assert_eq!(costs, [16.47, 15.98, 13.29, 10.25, 1.20, 1.20].map(Some), "{name}");
    let rows: Vec<_> = plan.nodes().iter().map(|node| node.plan_rows()).collect();
    assert_eq!(rows, [20.0, 20.0, 499.0, 499.0, 20.0, 20.0].map(Some), "{name}");
    assert_eq!(plan.root().sort_key().collect::<Vec<_>>(), ["(count(*)) DESC"], "{name}");
    assert_eq!(plan.nodes()[3].filter(), Some("(name <> 'a'::text)"), "{name}");
    assert_eq!(plan.nodes()[3].alias(), Some("p"), "{name}");
}

macro_rules! files {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("psql/", $name, ".txt")))),*] };
}

#[test]
fn every_setting_of_psql_is_read() {
    for (name, text) in files![
        "aligned_text",
        "aligned_json",
        "border_0_text",
        "border_0_json",
        "border_2_text",
        "border_2_json",
        "unicode_text",
        "unicode_json",
        "wrapped_text",
        "wrapped_unicode_text",
        "wrapped_border_2_text",
        "unaligned_text",
        "unaligned_json",
        "expanded_text",
        "expanded_json",
        "expanded_border_0_text",
        "expanded_border_0_json",
        "expanded_border_2_text",
        "expanded_border_2_json",
        "expanded_unicode_json",
        "tuples_only_text",
    ] {
        check(name, text);
    }
}

#[test]
fn what_people_do_to_a_plan_on_its_way_changes_nothing() {
    let (_, plain) = files!["tuples_only_text"][0];
    let indented: String = plain.lines().map(|line| format!("    {line}\n")).collect();
    check("indented", &indented);
    let quoted: String =
        plain.trim_end().lines().map(|line| format!("\"{}\"\n", line.replace('"', "\"\""))).collect();
    check("as pgAdmin copies it", &quoted);
    check("with line ends of another system", &plain.replace('\n', "\r\n"));
    check(
        "in a terminal",
        &format!("shop=# EXPLAIN SELECT 1;\n{plain}(10 rows)\n\nTime: 0,412 ms\nshop=# \n"),
    );
    check("in Markdown", &format!("The plan:\n\n```\n{plain}```\n"));
    let (_, json) = files!["unaligned_json"][0];
    check(
        "as a driver gives it",
        &format!(
            "[{{\"QUERY PLAN\": {}}}]",
            json.trim_start_matches("QUERY PLAN\n").trim_end_matches("(1 row)\n")
        ),
    );
}

#[test]
fn plans_of_a_log_come_with_their_statement() {
    for (name, text) in files!["log_text", "log_json", "message_text"] {
        let plans = read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(plans.len(), 1, "{name}");
        let sql = "SELECT count(*)\n  FROM person p\n  WHERE p.name <> 'a';";
        assert_eq!(plans[0].query_text(), Some(sql), "{name}");
        assert_eq!(outline(&plans[0]), ["0 Aggregate", "1 Seq Scan on person"], "{name}");
        assert_eq!(plans[0].nodes()[1].rows_total(), Some(500.0), "{name}");
    }
}

#[test]
fn several_plans_are_several() {
    let [(_, text), (_, json), (_, log)] = files!["aligned_text", "border_2_json", "log_text"];
    let plans = read(&format!("{text}\n{json}\n{log}{log}")).unwrap();
    assert_eq!(plans.iter().map(|plan| plan.nodes().len()).collect::<Vec<_>>(), [6, 6, 2, 2]);
    assert_eq!(plans[0].line(), 3);
    assert!(plans.windows(2).all(|pair| pair[0].line() < pair[1].line()));
}
