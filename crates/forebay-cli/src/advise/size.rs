//! Sizes, as people write and read them.

/// Units, the greatest first.
const UNITS: [(&str, u64); 4] = [("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)];

/// `2GB`, `500 MB`, `1048576`.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let unit = UNITS.iter().find(|(name, _)| {
        text.len() > name.len()
            && text.is_char_boundary(text.len() - name.len())
            && text[text.len() - name.len()..].eq_ignore_ascii_case(name)
    });
    let (number, factor) = match unit {
        Some((name, factor)) => (&text[..text.len() - name.len()], *factor),
        None => (text, 1),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok((number * factor as f64) as u64),
        _ => Err("expected a size such as 500MB, 2GB or a number of bytes".to_owned()),
    }
}

/// `12.3 MB`
pub(super) fn told(bytes: u64) -> String {
    let unit = UNITS.iter().find(|(_, factor)| bytes >= *factor);
    unit.map_or_else(
        || format!("{bytes} bytes"),
        |(name, factor)| format!("{:.1} {name}", bytes as f64 / *factor as f64),
    )
}

#[cfg(test)]
mod tests {
    use super::{parse, told};

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse("1.5 MB"), Ok(1_572_864));
        assert_eq!(parse("2gb"), Ok(2 << 30));
        assert_eq!(parse("700"), Ok(700));
        assert!(parse("-1MB").is_err() && parse("MB").is_err() && parse("much€").is_err());
        assert_eq!((told(700), told(1_572_864)), ("700 bytes".to_owned(), "1.5 MB".to_owned()));
    }
}
