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

/// A table whose name is markup, read whole for one row in each of a hundred thousand.
const SLOW: &str = "\
Limit  (cost=0.00..99.00 rows=10 width=8) (actual time=20.000..20.000 rows=1 loops=1)
  ->  Seq Scan on \"<b onload=\"\"x\"\">&\" t  (cost=0.00..99.00 rows=10 width=8) (actual time=0.100..19.000 rows=1 loops=1)
        Filter: (user_id = 7)
        Rows Removed by Filter: 99999
Planning Time: 0.100 ms
Execution Time: 20.100 ms
";

#[test]
fn findings_stand_below_the_tree() {
    let plain = SLOW.replace("\"<b onload=\"\"x\"\">&\" t", "orders");
    let (out, err, code) = forebay(&["plan"], plain.as_bytes());
    let expected = "\
*       19.000   95.0 %           1            10 ÷10            └─ Seq Scan on orders  (1)
                                                                       Filter: (user_id = 7)
                                                                       99999 rows read and thrown away

(1) sequential-scan-discards-rows at Seq Scan on orders: high, saves about 19.0 ms, confidence high
    orders is read whole: of 100,000 rows 1 are kept (under 0.01 %)
    rows read: 100,000; rows kept: 1; rows thrown away: 99,999
    → An index on orders (user_id) would find these rows;";
    assert!(out.contains(expected), "{out}");
    assert_eq!((err.as_str(), code), ("", Some(0)));
}

#[test]
fn findings_are_told_as_json() {
    let (out, _, _) = forebay(&["plan", "--json"], SLOW.as_bytes());
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    let [finding] = answer["findings"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!(finding["kind"], "sequential-scan-discards-rows");
    assert_eq!((&finding["severity"], &finding["confidence"]), (&"high".into(), &"high".into()));
    assert_eq!(finding["node"], 1);
    assert!((finding["saving"]["ms"].as_f64().unwrap() - 19.0).abs() < 0.001, "{finding}");
    assert_eq!(
        finding["evidence"][0],
        serde_json::json!({ "name": "rows read", "value": 100_000.0, "unit": "rows" })
    );
    assert_eq!(finding["explains"], serde_json::json!([]));
}

#[test]
fn a_severity_can_fail() {
    for (least, code) in [("low", 1), ("medium", 1), ("high", 1)] {
        assert_eq!(forebay(&["plan", "--fail-on", least], SLOW.as_bytes()).2, Some(code), "{least}");
    }
    assert_eq!(forebay(&["plan", "--fail-on", "low"], PLAN.as_bytes()).2, Some(0), "no finding");
    assert_eq!(forebay(&["plan", "--fail-on", "dire"], SLOW.as_bytes()).2, Some(2));
}

#[test]
fn a_drawing_has_a_box_for_each_node_and_no_foreign_markup() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.svg");
    let (_, err, code) = forebay(&["plan", "--svg", path.to_str().unwrap()], SLOW.as_bytes());
    assert_eq!((err.as_str(), code), ("", Some(0)));
    let drawing = std::fs::read_to_string(&path).unwrap();
    assert!(drawing.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{drawing}");
    assert!(drawing.ends_with("</svg>\n"));
    assert_eq!(drawing.matches("<g><title>").count(), 2, "{drawing}");
    assert!(drawing.contains("(1) Seq Scan on &lt;b onload=&quot;x&quot;&gt;&amp;"), "{drawing}");
    assert!(!drawing.contains("<b ") && !drawing.contains("href") && !drawing.contains("<script"));
    // The scan has 19 of the 20 ms, and its box as much of the width.
    assert!(drawing.contains("x=\"0.00\"") && drawing.contains("width=\"1140.00\""), "{drawing}");
    let nowhere = folder.path().join("no/such/plan.svg");
    let (_, err, code) = forebay(&["plan", "--svg", nowhere.to_str().unwrap()], SLOW.as_bytes());
    assert!(err.starts_with("forebay: cannot write "), "{err}");
    assert_eq!(code, Some(1));
}

/// `x`, `y`, `width` and `height` of each element of a kind, in the order they are drawn.
fn boxes(drawing: &str, element: &str) -> Vec<[f64; 4]> {
    let begin = format!("<{element} x=");
    let elements = drawing.split(&begin).skip(1);
    let number = |tag: &str, name: &str| -> f64 {
        let value = tag.split_once(&format!(" {name}=\"")).expect("it has a place").1;
        value.split_once('"').expect("a closed quote").0.parse().expect("a number")
    };
    let tag = |text: &str| format!(" x={}", text.split_once('>').expect("a closed tag").0);
    elements.map(tag).map(|tag| ["x", "y", "width", "height"].map(|name| number(&tag, name))).collect()
}

#[test]
fn a_drawings_boxes_lie_within_those_above_them_and_hold_their_text() {
    const ROUNDING: f64 = 0.02;
    let mut wide = "Append (actual time=0.1..950.000 rows=40 loops=1)\n".to_owned();
    for name in 0..40 {
        wide.push_str(&format!("  ->  Hash (actual time=0.1..{name}.777 rows=1 loops=1)\n"));
        wide.push_str(&format!(
            "        ->  Seq Scan on 表表表表表表表{name} (actual time=0.1..{name}.333 rows=1 loops=1)\n"
        ));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.svg");
    for plans in [SLOW.to_owned(), format!("{PLAN}\n{PLAN}"), wide] {
        let (_, err, code) = forebay(&["plan", "--svg", path.to_str().unwrap()], plans.as_bytes());
        assert_eq!((err.as_str(), code), ("", Some(0)));
        let drawing = std::fs::read_to_string(&path).unwrap();
        let (_, size) = drawing.split_once("viewBox=\"0 0 ").expect("it has a size");
        let (size, _) = size.split_once('"').expect("a closed quote");
        let (width, height) = size.split_once(' ').expect("two numbers");
        let (width, height): (f64, f64) = (width.parse().unwrap(), height.parse().unwrap());
        let drawn = boxes(&drawing, "rect");
        assert!(!drawn.is_empty(), "{drawing}");
        let mut open: Vec<[f64; 4]> = Vec::new();
        for [x, y, wide, high] in drawn {
            assert!(x >= 0.0 && x + wide <= width + ROUNDING && y >= 0.0 && y + high <= height, "{drawing}");
            // Depth first: what is open is what stands above.
            open.retain(|above| above[1] < y);
            if let Some(above) = open.last().filter(|_| wide < width) {
                let inside = x >= above[0] - ROUNDING && x + wide <= above[0] + above[2] + ROUNDING;
                assert!(inside, "{x} {y} {wide} {above:?}");
            }
            open.push([x, y, wide, high]);
        }
        // Each text is cut off at the box it stands in.
        let (frames, boxes) = (boxes(&drawing, "svg"), boxes(&drawing, "rect"));
        assert!(!frames.is_empty());
        assert_eq!(drawing.matches("<text x=\"4\" y=\"16\"").count(), frames.len(), "{drawing}");
        assert!(frames.iter().all(|frame| boxes.iter().any(|held| held[..3] == frame[..3])), "{drawing}");
    }
}

#[test]
fn no_more_is_read_than_the_limit() {
    let (out, err, code) = forebay(&["plan", "/dev/zero"], b"");
    assert_eq!(err, "forebay: /dev/zero: more than the 67108864 bytes that are read\n");
    assert_eq!((out.as_str(), code), ("", Some(1)));
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
    for part in [
        "Examples:",
        "Exit status:",
        "auto_explain",
        "self ",
        "expected ",
        "hot path",
        "`self_share`",
        "--svg",
        "--fail-on",
        "`explains`",
    ] {
        assert!(help.contains(part), "{part} is not in the help");
    }
}
