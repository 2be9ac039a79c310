use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The last ledger entry a reader has seen; the page after it begins behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Cursor {
    pub(crate) date: String,
    pub(crate) order: i64,
    pub(crate) line: i32,
}

impl Cursor {
    /// Before the newest entry: the first page.
    pub(crate) fn start() -> Self {
        Self { date: "infinity".to_owned(), order: i64::MAX, line: i32::MAX }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.date, self.order, self.line)
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
        // The database parses the date: let nothing through that it would refuse.
        let [y, m, d] = date.split('-').collect::<Vec<_>>()[..] else { return Err(NotACursor) };
        let month = m.parse::<u8>().map_err(|_| NotACursor)?;
        let day = d.parse::<u8>().map_err(|_| NotACursor)?;
        if y.len() != 4 || !y.bytes().all(|b| b.is_ascii_digit()) || !(1..=12).contains(&month) {
            return Err(NotACursor);
        }
        if m.len() != 2 || d.len() != 2 || !(1..=days(y, month)).contains(&day) || y == "0000" {
            return Err(NotACursor);
        }
        Ok(Self {
            date: date.to_owned(),
            order: order.parse().map_err(|_| NotACursor)?,
            line: line.parse().map_err(|_| NotACursor)?,
        })
    }
}

fn days(year: &str, month: u8) -> u8 {
    let year: u16 = year.parse().unwrap_or(1);
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_cursor_survives_its_text_and_anything_else_is_refused() {
        let cursor = Cursor { date: "1996-02-29".to_owned(), order: 5829, line: 3 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in [
            "",
            "1996-02-29",
            "1997-02-29.1.1",
            "infinity.1.1",
            "+996-01-01.1.1",
            "1996-1-01.1.1",
            "1996-01-01.x.1",
        ] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
    }
}
