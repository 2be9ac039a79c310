use forebay_response::{AcceptEncoding, Coding};
use proptest::prelude::*;
use std::collections::HashMap;

#[test]
fn each_coding_is_known_by_its_name() {
    for coding in Coding::compiled() {
        let accepts = AcceptEncoding::parse([coding.token().to_uppercase()]);
        let allowed: Vec<_> = Coding::compiled().filter(|&coding| accepts.allows(coding)).collect();
        assert_eq!(allowed, [coding]);
    }
}

fn seen(lines: &[&str]) -> (bool, bool, bool) {
    let accepts = AcceptEncoding::parse(lines);
    (accepts.allows(Coding::Brotli), accepts.allows(Coding::Gzip), accepts.allows_identity())
}

#[test]
fn weights_wildcards_aliases_and_repeated_lines() {
    assert_eq!(seen(&[]), (false, false, true));
    assert_eq!(seen(&[""]), (false, false, true));
    assert_eq!(seen(&["gzip"]), (false, true, true));
    assert_eq!(seen(&["GZip , BR;Q=0.001"]), (true, true, true));
    assert_eq!(seen(&["x-gzip"]), (false, true, true));
    assert_eq!(seen(&["gzip", "br"]), (true, true, true));
    assert_eq!(seen(&["*"]), (true, true, true));
    assert_eq!(seen(&["*;q=0"]), (false, false, false));
    assert_eq!(seen(&["br, *;q=0"]), (true, false, false));
    assert_eq!(seen(&["identity, *;q=0"]), (false, false, true));
    assert_eq!(seen(&["gzip, identity;q=0"]), (false, true, false));
    assert_eq!(seen(&["gzip;q=0, *"]), (true, false, true));
    assert_eq!(seen(&["gzip;q=0, gzip"]), (false, false, true));
    assert_eq!(seen(&[",, gzip ,"]), (false, true, true));
    assert_eq!(seen(&["zstd, compress"]), (false, false, true));
    assert_eq!(seen(&["gzip ; q=1.000"]), (false, true, true));
}

#[test]
fn a_malformed_header_counts_as_absent() {
    for malformed in [
        "gzip;q=2",
        "gzip;q=1.001",
        "gzip;q=0.0001",
        "gzip;q=-1",
        "gzip;q",
        "gzip;level=1",
        "gz ip",
        "gzip;q=0.5;x",
    ] {
        assert_eq!(seen(&[malformed]), (false, false, true), "{malformed}");
        assert_eq!(seen(&["br", malformed]), (false, false, true), "{malformed}");
    }
}

/// The same rules, written without regard to speed.
fn reference(lines: &[String]) -> (bool, bool, bool) {
    let absent = (false, false, true);
    let mut weights: HashMap<String, bool> = HashMap::new();
    for member in lines.join(",").split(',') {
        let member = member.trim_matches([' ', '\t']);
        if member.is_empty() {
            continue;
        }
        let (name, weight) = match member.split_once(';') {
            None => (member, "q=1".to_owned()),
            Some((name, weight)) => {
                (name.trim_matches([' ', '\t']), weight.trim_matches([' ', '\t']).to_lowercase())
            }
        };
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(is_token) {
            return absent;
        }
        let Some(number) = weight.strip_prefix("q=") else { return absent };
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let valid = (whole == "0" || whole == "1")
            && decimals.len() <= 3
            && decimals.chars().all(|c| c.is_ascii_digit());
        let thousandths = format!("{whole}{decimals:0<3}").parse::<u32>();
        let Some(thousandths) = thousandths.ok().filter(|&n| valid && n <= 1000) else { return absent };
        let name = name.to_lowercase();
        let name = if name == "x-gzip" { "gzip".to_owned() } else { name };
        let earlier = weights.get(&name).copied().unwrap_or(true);
        weights.insert(name, earlier && thousandths > 0);
    }
    let any = weights.get("*").copied();
    let coding = |name: &str| weights.get(name).copied().or(any).unwrap_or(false);
    let identity = weights.get("identity").copied().or(any).unwrap_or(true);
    (coding("br"), coding("gzip"), identity)
}

fn member() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("gzip"),
        Just("br"),
        Just("X-Gzip"),
        Just("identity"),
        Just("*"),
        Just("zstd"),
        Just(""),
        Just("g zip")
    ];
    let weight = prop_oneof![
        Just(String::new()),
        Just(";q=0".to_owned()),
        Just(" ; q=1".to_owned()),
        "; ?[qQ]=[012](\\.[0-9]{0,4})?",
        ";[a-z]{0,2}=?[0-9.]{0,3}"
    ];
    (name, weight).prop_map(|(name, weight)| format!("{name}{weight}"))
}

proptest! {
    #[test]
    fn lists_agree_with_the_reference(lines in prop::collection::vec(prop::collection::vec(member(), 0..4), 0..3)) {
        let lines: Vec<_> = lines.into_iter().map(|members| members.join(", ")).collect();
        let texts: Vec<_> = lines.iter().map(String::as_str).collect();
        prop_assert_eq!(seen(&texts), reference(&lines));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..3)) {
        let accepts = AcceptEncoding::parse(&lines);
        let _ = (accepts.allows(Coding::Brotli), accepts.allows_identity());
    }
}
