//! What holds of any mask and any JSON: the filter lets through what a tree in memory would.

use forebay_response::{FieldFilter, FieldMask, FieldsConfig, JsonFraming, Malformed, Selection};
use serde::de::IgnoredAny;
use serde_json::Value;

/// What a mask selects, the slow way.
pub(crate) fn selected(value: &Value, of: Selection<'_>) -> Value {
    match value {
        Value::Object(members) if !of.is_whole() => members
            .iter()
            .filter(|(name, _)| of.wants(name))
            .map(|(name, value)| (name.clone(), selected(value, of.member(name))))
            .collect(),
        Value::Array(elements) if !of.is_whole() => {
            elements.iter().map(|element| selected(element, of)).collect()
        }
        _ => value.clone(),
    }
}

/// The filter's answer to text that comes in pieces of `piece` bytes.
pub(crate) fn filtered(
    mask: &FieldMask,
    framing: JsonFraming,
    text: &[u8],
    piece: usize,
) -> Result<Vec<u8>, Malformed> {
    let mut filter = FieldFilter::new(mask, framing, &FieldsConfig::default());
    let mut out = Vec::new();
    for part in text.chunks(piece.max(1)) {
        filter.push(part, &mut out)?;
    }
    filter.finish()?;
    Ok(out)
}

/// Any text and any mask, cut anywhere: what is JSON is filtered as a tree would be, what is not is refused.
pub(crate) fn any_text(mask: &str, text: &[u8], piece: usize) {
    let Ok(mask) = FieldMask::parse(mask) else { return };
    assert_eq!(FieldMask::parse(&mask.to_string()).as_ref(), Ok(&mask), "its own text is the same mask");
    let whole = filtered(&mask, JsonFraming::Document, text, usize::MAX);
    let pieces = filtered(&mask, JsonFraming::Document, text, piece);
    // An error is found at the same place; what is out of bounds may be noticed earlier in smaller pieces.
    assert_eq!(whole.as_ref().ok(), pieces.as_ref().ok(), "cut into pieces of {piece}");
    let json = std::str::from_utf8(text).ok().and_then(|text| serde_json::from_str::<IgnoredAny>(text).ok());
    match &whole {
        Err(Malformed::TooDeep(_) | Malformed::KeyTooLong(_)) => return,
        Err(_) => assert!(json.is_none(), "JSON is not refused: {:?}", String::from_utf8_lossy(text)),
        Ok(_) => {}
    }
    let Ok(out) = whole else { return };
    // serde_json stops at a depth of 127.
    let Some(IgnoredAny) = json else {
        let error = std::str::from_utf8(text).map(|text| serde_json::from_str::<IgnoredAny>(text).err());
        assert!(
            format!("{error:?}").contains("recursion"),
            "let through: {:?}",
            String::from_utf8_lossy(text)
        );
        return;
    };
    // A lone surrogate is JSON, but no text; numbers may be out of range.
    if let Ok(value) = serde_json::from_slice::<Value>(text) {
        let ours: Value = serde_json::from_slice(&out).expect("what comes out is JSON");
        assert_eq!(ours, selected(&value, mask.selection()));
    }
}

/// The same for texts made of what masks and JSON are made of, so that any bytes at all lead somewhere.
pub(crate) fn any_tokens(bytes: &[u8]) {
    const MASK: [&str; 8] = ["a", "b", ",", "/", "(", ")", "*", "a(b,*/a)"];
    const JSON: [&str; 16] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\":",
        "\"b\"",
        "\"\\u0061\":",
        "\"é\\n\"",
        "-2.5e1",
        "0",
        "true",
        "null",
        " ",
        "{\"a\":1,",
    ];
    let pick = |from: &[&'static str], bytes: &[u8]| -> String {
        bytes.iter().map(|byte| from[usize::from(*byte) % from.len()]).collect()
    };
    let (mask, text) = bytes.split_at(bytes.len() / 4);
    let (mask, piece) = (pick(&MASK, mask), bytes.len() % 7 + 1);
    any_text(&mask, pick(&JSON, text).as_bytes(), piece);
    let mut document = String::new();
    grow(&mut text.iter().copied(), 0, &mut document);
    for mask in [mask.as_str(), "a,b/a", "*(b),a(a)"] {
        any_text(mask, document.as_bytes(), piece);
    }
    let mut damaged = document.into_bytes();
    if let (Some(last), at) = (text.last(), text.len() % damaged.len().max(1)) {
        damaged[at] = *last;
        any_text("*(b),a(a)", &damaged, piece);
    }
}

/// A document that these bytes decide about.
fn grow(bytes: &mut impl Iterator<Item = u8>, depth: usize, out: &mut String) {
    let byte = bytes.next().unwrap_or_default();
    let members = usize::from(byte >> 4) % 4;
    match byte % 8 {
        0..=2 if depth < 6 => {
            out.push('{');
            for member in 0..members {
                out.push_str(if member > 0 { "," } else { "" });
                out.push_str(["\"a\":", "\"b\" : ", "\"\\u0061\":", "\"c\":"][usize::from(byte >> 3) % 4]);
                grow(bytes, depth + 1, out);
            }
            out.push('}');
        }
        3 if depth < 6 => {
            out.push('[');
            for member in 0..members {
                out.push_str(if member > 0 { ", " } else { "" });
                grow(bytes, depth + 1, out);
            }
            out.push(']');
        }
        4 => out.push_str("\"é\\\"x\""),
        5 => out.push_str("-10.5E+2"),
        6 => out.push_str("false"),
        _ => out.push_str("\"a longer text, of more than thirty-two bytes\""),
    }
}
