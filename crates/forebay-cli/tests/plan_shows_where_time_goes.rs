//! `forebay plan` draws a plan with each node's own share, or tells it as JSON.

mod support;

use support::forebay;

/// The InitPlan hangs under the aggregate and ran inside the scan.
const PLAN: &str = "\
                                QUERY PLAN
--------------------------------------------------------------------------
 Aggregate  (cost=31.00..31.00 rows=1 width=8) (actual time=30.000..30.000 rows=1 loops=1)
   Buffers: shared hit=120 read=30
   InitPlan 1 (returns $0)
     ->  Seq Scan on b  (cost=0.00..10.00 rows=1 width=8) (actual time=20.000..20.000 rows=1 loops=1)
           Buffers: shared hit=100 read=30
   ->  Seq Scan on a  (cost=0.00..20.00 rows=500 width=8) (actual time=21.000..25.000 rows=5 loops=1)
         Filter: (score > $0)
         Rows Removed by Filter: 995
         Buffers: shared hit=120 read=30
 Planning Time: 0.100 ms
 Execution Time: 30.100 ms
(11 rows)
";

#[test]
fn a_tree_marks_the_hot_path() {
    let (out, err, code) = forebay(&["plan"], PLAN.as_bytes());
    let expected = "\
plan in line 3, run in 30.100 ms, planned in 0.100 ms
      self, ms    share        rows          expected    blocks  node
>        5.000   16.7 %           1                 1         0  Aggregate
*       20.000   66.7 %           1                 1       130  ├─ InitPlan 1 (returns $0): Seq Scan on b
         5.000   16.7 %           5          500 ÷100        20  └─ Seq Scan on a
                                                                       Filter: (score > $0)
                                                                       995 rows read and thrown away
";
    assert_eq!((out.as_str(), err.as_str(), code), (expected, "", Some(0)));
}

#[test]
fn without_analyze_the_estimates_are_shown() {
    let (out, _, code) = forebay(&["plan", "-"], b"Seq Scan on a  (cost=0.00..20.00 rows=500 width=8)\n");
    let expected = "\
plan in line 1, not run: estimates only
    self, cost    share        rows          expected    blocks  node
*        20.00  100.0 %                           500            Seq Scan on a
";
    assert_eq!((out.as_str(), code), (expected, Some(0)));
}

#[test]
fn json_has_a_line_for_each_plan() {
    let (out, _, code) = forebay(&["plan", "--json"], format!("{PLAN}\n{PLAN}").as_bytes());
    assert_eq!(code, Some(0));
    let answers: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2);
    let answer = &answers[1];
    assert_eq!((&answer["line"], &answer["analyzed"]), (&18.into(), &true.into()));
    assert_eq!((&answer["total_ms"], &answer["hot_path"]), (&30.0.into(), &vec![0, 1].into()));
    let node = &answer["nodes"][2];
    assert_eq!((&node["title"], &node["parent"]), (&"Seq Scan on a".into(), &0.into()));
    assert_eq!(
        (&node["self_ms"], &node["inclusive_ms"], &node["self_cost"]),
        (&5.0.into(), &25.0.into(), &20.0.into())
    );
    assert_eq!((&node["rows_removed_total"], &node["misestimate"]), (&995.0.into(), &0.01.into()));
    assert_eq!(
        (&node["self_blocks"]["touched"], &node["conditions"]["Filter"]),
        (&20.into(), &"(score > $0)".into())
    );
    assert_eq!(
        (&node["hot"], &node["never_executed"], &node["index"]),
        (&false.into(), &false.into(), &serde_json::Value::Null)
    );
}

#[test]
fn what_is_no_plan_is_named_by_its_place() {
    let (out, err, code) = forebay(&["plan"], b"[{\"Plan\":\n {\"Node Type\": Sort}}]");
    assert_eq!((out.as_str(), code), ("", Some(1)));
    assert_eq!(err, "forebay: standard input: line 2, column 16: expected a value, found `Sort}}]`\n");
    let (_, err, code) = forebay(&["plan", "--json", "no/such/plan.txt"], b"");
    assert_eq!(err, "forebay: cannot open no/such/plan.txt: No such file or directory (os error 2)\n");
    assert_eq!(code, Some(1));
}

#[test]
fn help_explains_the_columns() {
    let (help, _, code) = forebay(&["plan", "--help"], b"");
    assert_eq!(code, Some(0));
    for part in
        ["Examples:", "Exit status:", "auto_explain", "self ", "expected ", "hot path", "`self_share`"]
    {
        assert!(help.contains(part), "{part} is not in the help");
    }
}
