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
