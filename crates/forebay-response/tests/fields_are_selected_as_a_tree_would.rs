//! The filter without a tree in memory against one with a tree, over random documents, masks and cuts.

mod fields_hold;

use fields_hold::{any_text, any_tokens, filtered, selected};
use forebay_response::{BadMask, FieldFilter, FieldMask, FieldsConfig, JsonFraming, Malformed};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Keys that masks and documents share, some of which are written with escapes or hold what means something in a mask.
const NAMES: [&str; 8] = ["a", "b", "id", "naïve", "x/y", "q\"t", "\u{1F600}", ""];

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // What serde_json reads back as it was.
        any::<i32>().prop_map(|quarters| Value::from(f64::from(quarters) / 4.0)),
        ".{0,40}".prop_map(Value::from),
        "[\\\\\"\u{0}-\u{20}é]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let members = prop::collection::vec((prop::sample::select(&NAMES[..]), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::Array),
            members.prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }),
        ]
    })
}

fn mask() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        1 => Just("*".to_owned()),
        6 => prop::sample::select(&NAMES[..7]).prop_map(|name| name.replace('/', "\\/")),
    ];
    let leaf = name.clone().boxed();
    let selection = leaf.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            (name.clone(), inner.clone()).prop_map(|(name, below)| format!("{name}/{below}")),
            (name.clone(), prop::collection::vec(inner, 1..4))
                .prop_map(|(name, below)| format!("{name}({})", below.join(","))),
        ]
    });
    prop::collection::vec(selection, 1..5).prop_map(|selections| selections.join(","))
}

/// All that is not ASCII as escapes, as other writers of JSON have it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            let mut units = [0; 2];
            character
                .encode_utf16(&mut units)
                .iter()
                .for_each(|unit| out.push_str(&format!("\\u{unit:04X}")));
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn documents_come_out_as_a_tree_would_have_them(
        document in document(), mask in mask(), piece in 1_usize..24, spaced: bool, escapes: bool,
    ) {
        let text = if spaced { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
        let text = text.expect("JSON");
        let text = if escapes { escaped(&text) } else { text };
        let mask = FieldMask::parse(&mask).expect("a mask");
        let out = filtered(&mask, JsonFraming::Document, text.as_bytes(), piece).expect("JSON");
        let ours: Value = serde_json::from_slice(&out).expect("JSON comes out");
        prop_assert_eq!(&ours, &selected(&document, mask.selection()));
        any_text(&mask.to_string(), text.as_bytes(), piece);
    }

    #[test]
    fn damaged_documents_are_refused(
        document in document(), mask in mask(), piece in 1_usize..24, at: prop::sample::Index, byte: u8, cut: bool,
    ) {
        let mut text = document.to_string().into_bytes();
        let at = at.index(text.len());
        if cut { text.truncate(at) } else { text[at] = byte }
        any_text(&mask, &text, piece);
    }

    #[test]
    fn lines_are_filtered_one_by_one(
        documents in prop::collection::vec(document(), 0..5), mask in mask(), piece in 1_usize..24, ended: bool,
    ) {
        let mask = FieldMask::parse(&mask).expect("a mask");
        let mut text = documents.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        if ended { text.push('\n') }
        let out = filtered(&mask, JsonFraming::Lines, text.as_bytes(), piece).expect("lines");
        let ours: Vec<Value> = String::from_utf8(out).expect("text").lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        let theirs: Vec<_> = documents.iter().map(|document| selected(document, mask.selection())).collect();
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn resources_keep_the_fields_of_their_type(
        attributes in document(), place in 0_usize..3, piece in 1_usize..24, named: bool,
    ) {
        let kind = if named { "user" } else { "other" };
        let mut members = vec![("attributes", attributes.clone()), ("relationships", json!({"a": 1, "z": 2}))];
        members.insert(place, ("type", json!(kind)));
        let members: Vec<_> = members.iter().map(|(name, value)| format!("{name:?} : {value}")).collect();
        let text = format!(r#"{{"data":[{{{}}}],"meta":{{"b":1}}}}"#, members.join(","));
        let mask = FieldMask::of_types([("user", "a,id")], &FieldsConfig::default()).expect("a mask");
        let out = filtered(&mask, JsonFraming::Document, text.as_bytes(), piece).expect("JSON");
        let ours: Value = serde_json::from_slice(&out).expect("JSON comes out");
        let of = mask.of_type(kind);
        let theirs = json!({
            "data": [{
                "type": kind,
                "attributes": selected(&attributes, of),
                "relationships": selected(&json!({"a": 1, "z": 2}), of),
            }],
            "meta": {"b": 1},
        });
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn what_looks_like_json_is_filtered_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        any_tokens(&bytes);
    }

    #[test]
    fn nothing_makes_a_mask_panic(text in "[a-c*/(),\\\\ é]{0,40}", document in document()) {
        any_text(&text, document.to_string().as_bytes(), 3);
    }
}

fn select(mask: &str, text: &str) -> String {
    let mask = FieldMask::parse(mask).expect("a mask");
    String::from_utf8(mask.filter(text.as_bytes()).expect("JSON")).expect("text")
}

#[test]
fn keys_are_compared_as_text_and_sent_as_they_were() {
    assert_eq!(select("name", r#"{"n\u0061me":1,"other":2}"#), r#"{"n\u0061me":1}"#);
    assert_eq!(select("é", "{\"\\u00e9\":1,\"é\":2,\"e\":3}"), "{\"\\u00e9\":1,\"é\":2}");
    assert_eq!(select("a", r#"{"\ud800":1,"a":2}"#), r#"{"a":2}"#);
    assert_eq!(select("*/a", r#"{"\ud800":{"a":1,"b":2}}"#), r#"{"\ud800":{"a":1}}"#);
}

#[test]
fn a_key_that_is_there_twice_stays_twice() {
    assert_eq!(select("a(b)", r#"{"a":{"b":1,"c":2},"c":0,"a":{"b":3}}"#), r#"{"a":{"b":1},"a":{"b":3}}"#);
}

#[test]
fn values_without_members_are_sent_where_something_inside_was_selected() {
    assert_eq!(select("a/b", r#"{"a":null}"#), r#"{"a":null}"#);
    assert_eq!(select("a/b", r#"{"a":[1,{"b":2,"c":3},"x",[{"c":4}]]}"#), r#"{"a":[1,{"b":2},"x",[{}]]}"#);
    assert_eq!(select("a", "[1, 2]"), "[1,2]");
    assert_eq!(select("a", " 7 "), "7");
}

#[test]
fn whole_values_keep_their_spelling() {
    assert_eq!(select("a", r#"{ "a" : { "b" : 1.0e+2 } , "c" : 1 }"#), r#"{"a":{ "b" : 1.0e+2 }}"#);
}

#[test]
fn selections_add_up_whatever_their_order() {
    let same = |one: &str, other: &str| {
        let (one, other) = (FieldMask::parse(one).expect("a mask"), FieldMask::parse(other).expect("a mask"));
        assert_eq!((&one, one.fingerprint()), (&other, other.fingerprint()));
    };
    same("a,b(c,d)", "b/d,b/c,a,a/x");
    same("*(a),b(a,c)", "b/c,*/a");
    same("*(a),b(a)", "*/a");
    same("a,*", "*");
    same("a(*)", "a");
}

#[test]
fn a_bad_mask_says_what_is_wrong_and_where() {
    let says = |mask: &str| FieldMask::parse(mask).expect_err("a bad mask").to_string();
    assert_eq!(says("a,,b"), "the field mask has `,` at byte 2, where a name is expected");
    assert_eq!(says(""), "the field mask has its end at byte 0, where a name is expected");
    assert_eq!(says("a(b"), "the field mask has its end at byte 3, where `,` or `)` is expected");
    assert_eq!(says("a)"), "the field mask has `)` at byte 1, where `,` or the end is expected");
    assert_eq!(says("a*"), "the field mask has `*` at byte 1, where `,` or the end is expected");
    assert_eq!(says("a/"), "the field mask has its end at byte 2, where a name is expected");
    assert_eq!(says("a\\"), "the field mask has its end at byte 2, where an escaped character is expected");
}

#[test]
fn masks_are_bounded() {
    let deep = vec!["a"; 17].join("/");
    assert_eq!(FieldMask::parse(&deep), Err(BadMask::TooDeep(16)));
    assert_eq!(FieldMask::parse(&"(".repeat(3000)), Err(BadMask::TooLong(2048)));
    assert_eq!(FieldMask::parse(&vec!["a"; 201].join(",")), Err(BadMask::TooManyNames(200)));
    // Short, but `*` is spread over its neighbours on each level.
    let neighbours = (0..10).map(|n| format!("{n}/x")).collect::<Vec<_>>().join(",");
    let spread = format!("*({neighbours},*({neighbours},*(y))),{neighbours}");
    assert_eq!(FieldMask::parse(&spread), Err(BadMask::TooManyNames(200)));
}

#[test]
fn bodies_are_bounded() {
    let config =
        FieldsConfig { depth_max: 3, key_bytes_max: 4, resource_bytes_max: 8, ..FieldsConfig::default() };
    let fails = |mask: &FieldMask, text: &str, piece: usize| {
        let mut filter = FieldFilter::new(mask, JsonFraming::Document, &config);
        let mut out = Vec::new();
        let result = text.as_bytes().chunks(piece).try_for_each(|part| filter.push(part, &mut out));
        result.and_then(|()| filter.finish()).err()
    };
    let mask = FieldMask::parse("a/a/a/a").expect("a mask");
    let types = FieldMask::of_types([("t", "a")], &config).expect("a mask");
    for piece in [1, 100] {
        assert_eq!(fails(&mask, r#"{"a":{"a":{"a":1}},"b":[[1]]}"#, piece), None);
        assert_eq!(fails(&mask, r#"{"a":{"a":{"a":{}}}}"#, piece), Some(Malformed::TooDeep(3)));
        assert_eq!(fails(&mask, r#"{"b":[[[1]]]}"#, piece), Some(Malformed::TooDeep(3)));
        assert_eq!(fails(&mask, r#"{"abcde":1}"#, piece), Some(Malformed::KeyTooLong(4)));
        let late = r#"{"data":{"attributes":{"b":12345},"type":"t"}}"#;
        let config = FieldsConfig { resource_bytes_max: 8, ..FieldsConfig::default() };
        let mut filter = FieldFilter::new(&types, JsonFraming::Document, &config);
        let mut out = Vec::new();
        let result = late.as_bytes().chunks(piece).try_for_each(|part| filter.push(part, &mut out));
        assert_eq!(result, Err(Malformed::ResourceTooLong(8)));
        assert_eq!(filter.push(b"}", &mut out), Err(Malformed::ResourceTooLong(8)), "it stays failed");
    }
}

#[test]
fn what_is_left_out_is_checked_as_well() {
    let mask = FieldMask::parse("a").expect("a mask");
    for wrong in [
        r#"{"b":[1,,2]}"#,
        r#"{"b":{"c"}}"#,
        r#"{"b":01}"#,
        r#"{"b":tru}"#,
        r#"{"b":"\x"}"#,
        r#"{"b":1,}"#,
        r#"{"b":[1}"#,
        r#"{"b":1]"#,
        "{\"b\":\"\n\"}",
        r#"{"a":1}{"a":1}"#,
        r#"{"b":-}"#,
        r#"{"b":1.}"#,
        r#"{"b" 1}"#,
        "{b:1}",
        "nul",
        r#"{"b":"\u12G4"}"#,
        "{\"b\":\"\u{7f}\"}x",
        "[1,]",
        ",",
        "\u{feff}{}",
    ] {
        let failed = mask.filter(wrong.as_bytes());
        assert!(
            matches!(failed, Err(Malformed::Syntax { .. } | Malformed::Unfinished)),
            "{wrong}: {failed:?}"
        );
    }
    for unfinished in
        ["", " ", "{", r#"{"b""#, r#"{"b":"#, r#"{"b":"x"#, r#"{"b":["#, "-", "1e", "tr", "\"\\u00"]
    {
        assert_eq!(mask.filter(unfinished.as_bytes()), Err(Malformed::Unfinished), "{unfinished}");
    }
    assert_eq!(mask.filter(b"{\"b\":\"\xFF\"}"), Err(Malformed::Syntax { at: 6 }));
    assert_eq!(mask.filter(b"\"\xC3"), Err(Malformed::Unfinished));
}

/// Nothing after the error, and what came before is no document.
#[test]
fn half_a_body_never_looks_whole() {
    let mask = FieldMask::parse("a").expect("a mask");
    let mut filter = FieldFilter::new(&mask, JsonFraming::Document, &FieldsConfig::default());
    let mut out = Vec::new();
    filter.push(br#"{"a":1,"#, &mut out).expect("fine so far");
    assert_eq!(filter.push(br#""b":x}"#, &mut out), Err(Malformed::Syntax { at: 11 }));
    assert_eq!(filter.push(b"}", &mut out), Err(Malformed::Syntax { at: 11 }));
    assert_eq!(filter.finish(), Err(Malformed::Syntax { at: 11 }));
    assert_eq!(out, br#"{"a":1"#);
}

#[test]
fn a_line_cannot_hold_a_line_end_nor_two_documents() {
    let mask = FieldMask::parse("a").expect("a mask");
    let lines = |text: &str| filtered(&mask, JsonFraming::Lines, text.as_bytes(), 100);
    assert_eq!(lines("\n{\"a\":1,\"b\":2}\r\n\n7\n"), Ok(b"{\"a\":1}\n7\n".to_vec()));
    assert_eq!(lines(""), Ok(Vec::new()));
    for wrong in ["{}{}", "{\n}", "{\"a\":[\n]}", "[1,\n2]", "{\"b\":{\n}}", "{\"a\"\n:1}"] {
        assert!(lines(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn handlers_learn_which_columns_to_read() {
    let mask = FieldMask::parse("id,author(name,*(x)),x\\/y").expect("a mask");
    let of = mask.selection();
    assert_eq!(of.pick(["id", "text", "author", "x/y"]), ["id", "author", "x/y"]);
    assert_eq!(of.names(), Some(vec!["author", "id", "x/y"]));
    assert!(
        of.member("id").is_whole() && of.member("text").is_nothing() && of.member("id").names().is_none()
    );
    assert_eq!(of.member("author").names(), None, "others are selected as well");
    let types =
        FieldMask::of_types([("user", "name"), ("role", "")], &FieldsConfig::default()).expect("a mask");
    assert_eq!(types.of_type("user").pick(["name", "mail"]), ["name"]);
    assert_eq!(types.of_type("role").names(), Some(vec![]));
    assert!(types.of_type("other").is_whole() && types.selection().is_whole());
    assert_eq!(types.to_string(), "role=&user=name");
}

#[test]
fn a_query_holds_one_mask() {
    let config = FieldsConfig::default();
    let of = |query: &str| FieldMask::of_query(query, &config);
    let text = |query: &str| of(query).expect("a good one").map(|mask| mask.to_string());
    assert_eq!(text("x=1&fields=a%2Cb(c)&y"), Some("a,b(c)".to_owned()));
    assert_eq!(text("%66ields=a+b"), Some("a b".to_owned()));
    assert_eq!(text("fields%5Buser%5D=name,id&fields[role]="), Some("role=&user=id,name".to_owned()));
    assert_eq!(text("field=a&fields2=b&myfields=c"), None);
    assert_eq!(of("fields=a&fields=b"), Err(BadMask::Repeated));
    assert_eq!(of("fields=a&fields[b]=c"), Err(BadMask::Repeated));
    assert_eq!(of("fields[b]=c&fields[b]=d"), Err(BadMask::Repeated));
    assert_eq!(of("fields=%FF"), Err(BadMask::NotText));
    assert!(matches!(of("fields="), Err(BadMask::Syntax { at: 0, .. })));
    assert!(matches!(of("fields[a]=b,,c"), Err(BadMask::Syntax { at: 2, .. })));
    assert!(matches!(of("fields[a]=b,"), Err(BadMask::Syntax { at: 2, .. })));
}
