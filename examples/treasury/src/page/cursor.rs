use std::{fmt, str::FromStr, sync::Arc};

/// The last ledger entry a reader has seen; the page after it begins behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// `date.order.line`, as it stands in a link: cheap to clone and to compare.
    text: Arc<str>,
    pub(crate) order: i64,
    pub(crate) line: i32,
}

impl Cursor {
    /// Behind an entry.
    pub(crate) fn behind(date: &str, order: i64, line: i32) -> Self {
        Self { text: format!("{date}.{order}.{line}").into(), order, line }
    }

    /// Before the newest entry: the first page.
    pub(crate) fn start() -> Self {
        Self::behind("infinity", i64::MAX, i32::MAX)
    }

    pub(crate) fn date(&self) -> &str {
        self.text.split_once('.').map_or("infinity", |(date, _)| date)
    }

    pub(crate) const fn text(&self) -> &Arc<str> {
        &self.text
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text is not a cursor this service gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().ok_or(NotACursor);
        let (date, order, line) = (next()?, next()?, next()?);
        if !is_date(date) {
            return Err(NotACursor);
        }
        let cursor =
            Self::behind(date, order.parse().map_err(|_| NotACursor)?, line.parse().map_err(|_| NotACursor)?);
        // One text per cursor, so that no other spelling makes another key.
        if &*cursor.text == text { Ok(cursor) } else { Err(NotACursor) }
    }
}

/// A date the database accepts: it parses the text again, and must not be given what it would refuse.
fn is_date(text: &str) -> bool {
    let digits = |at: std::ops::Range<usize>| {
        let part = text.get(at).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        part.and_then(|part| part.parse::<u16>().ok())
    };
    let separated = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    let (true, Some(year), Some(month), Some(day)) = (separated, digits(0..4), digits(5..7), digits(8..10))
    else {
        return false;
    };
    let last = match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    year > 0 && (1..=12).contains(&month) && (1..=last).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_cursor_survives_its_text_and_anything_else_is_refused() {
        let cursor = Cursor::behind("1996-02-29", 5829, 3);
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in [
            "",
            "1996-02-29",
            "1997-02-29.1.1",
            "infinity.1.1",
            "+996-01-01.1.1",
            "1996-1-01.1.1",
            "1996-01-01.x.1",
            "1996-01-01.+1.1",
            "1996-01-01.01.1",
            "0000-01-01.1.1",
            "1996é01-01.1.1",
            "1996-01-01.1.1.1",
        ] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
    }
}
