//! What is no plan is refused with its line, its column, and what was expected.

use forebay_plan::{Limits, read, read_with};

fn refused(text: &str) -> String {
    read(text).expect_err("no plan").to_string()
}

#[test]
fn the_place_and_the_expectation_are_named() {
    for (text, expected) in [
        (
            "",
            "line 1, column 1: expected a plan, as text or as JSON, as `EXPLAIN` prints it, found the end of the input",
        ),
        (
            "\n hello",
            "line 2, column 2: expected a plan, as text or as JSON, as `EXPLAIN` prints it, found `hello`",
        ),
        (
            "[{\"Plan\": {\"Node Type\": \"Result\",\n  \"Total Cost\": 1.}}]",
            "line 2, column 17: expected a value, found `1.}}]`",
        ),
        (
            "[{\"Plan\": {\"Node Type\": \"Result\"",
            "line 1, column 33: expected `,` or `}`, found the end of the input",
        ),
        ("[{\"Plan\": {Node}}]", "line 1, column 12: expected a key in quotes, found `Node}}]`"),
        (
            "{\"a\": 1}",
            "line 1, column 1: expected a plan: an object with `Plan` in it, and in that `Node Type`, found `{\"a\": 1}`",
        ),
        (
            "Seq Scan on a  (cost=0.00..x rows=1 width=1)",
            "line 1, column 16: expected costs such as `(cost=0.00..1.05 rows=5 width=8)`, found `(cost=0.00..x rows=1 width=1)`",
        ),
        (
            "Sort  (cost=0.00..1.00 rows=1 width=1)\n  nonsense",
            "line 2, column 3: expected a node (`->  …`) or one of its properties (`Filter: …`), found `nonsense`",
        ),
        (
            "<explain xmlns=\"x\">",
            "line 1, column 1: expected a plan as text or as JSON (XML and YAML are not read), found `<explain xmlns=\"x\">`",
        ),
    ] {
        assert_eq!(refused(text), expected, "{text:?}");
    }
}

#[test]
fn columns_are_those_of_the_framed_line() {
    let text = "  QUERY PLAN  \n--------------\n [           +\n   {\"a\": x}  +\n ]\n(1 row)\n";
    assert_eq!(refused(text), "line 4, column 10: expected a value, found `x}`");
    let expanded = "-[ RECORD 1 ]---\nQUERY PLAN | [x]\n";
    assert_eq!(refused(expanded), "line 2, column 15: expected a value, found `x]`");
}

#[test]
fn what_is_too_much_is_refused() {
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        limits
    };
    let nested = |levels: usize| {
        let mut text = String::new();
        for level in 0..levels {
            text.push_str(&" ".repeat(if level == 0 { 0 } else { 6 * level - 4 }));
            text.push_str(if level == 0 {
                "Limit  (cost=0.00..1.00 rows=1 width=1)\n"
            } else {
                "->  Limit  (cost=0.00..1.00 rows=1 width=1)\n"
            });
        }
        text
    };
    assert_eq!(read(&nested(400)).unwrap()[0].nodes().last().unwrap().depth(), 399);
    assert_eq!(refused(&nested(401)), "line 401: the depth of the plan is more than the 400 that are read");
    assert!(read(&read(&nested(400)).unwrap()[0].to_string()).is_ok(), "as deep in JSON");
    let few = limits(|limits| limits.nodes_max = 3);
    assert!(read_with(&nested(4), &few).unwrap_err().to_string().contains("number of nodes"));
    let short = limits(|limits| limits.bytes_max = 10);
    assert!(read_with(&nested(1), &short).unwrap_err().to_string().contains("size in bytes"));
    let deep = "[".repeat(100_000);
    assert_eq!(refused(&deep), "line 1: the depth of the document is more than the 808 that are read");
}
