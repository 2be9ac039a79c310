//! Dates as recipients are to read them (RFC 9110 section 5.6.7, RFC 9111 section 4.2): all three forms, in any case; the
//! weekday, which says nothing new, is not compared; a zone other than GMT makes it no date.

use std::time::{Duration, SystemTime};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// `now` tells the century of a year of two digits.
pub(crate) fn read_http_date(text: &str, now: SystemTime) -> Option<SystemTime> {
    let text = text.trim_matches([' ', '\t']).to_ascii_lowercase();
    let (day, month, year, time) = match text.split_once(", ") {
        Some((weekday, rest)) => {
            let (date, time) = rest.strip_suffix(" gmt")?.rsplit_once(' ')?;
            let dashes = date.contains('-');
            let mut parts = date.split(if dashes { '-' } else { ' ' });
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            let is_weekday = if dashes { weekday.ends_with("day") } else { weekday.len() == 3 };
            if !is_weekday || parts.next().is_some() {
                return None;
            }
            let year = if dashes { recent(digits(year, 2)?, now) } else { digits(year, 4)? };
            (digits(day, 2)?, month, year, time)
        }
        None => of_asctime(&text)?,
    };
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let mut parts = time.split(':').map(|part| digits(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    // A second may be a leap second.
    if parts.next().is_some()
        || hour > 23
        || minute > 59
        || second > 60
        || day == 0
        || day > length(month, year)
    {
        return None;
    }
    let seconds = (days(year, month, day)? * 24 + hour) * 3600 + minute * 60 + second.min(59);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// `Sun Nov  6 08:49:37 1994`.
fn of_asctime(text: &str) -> Option<(u64, &str, u64, &str)> {
    let (_weekday, rest) = text.split_at_checked(3)?;
    let (month, rest) = rest.strip_prefix(' ')?.split_once(' ')?;
    let (day, rest) = rest.split_at_checked(2)?;
    let (time, year) = rest.strip_prefix(' ')?.split_once(' ')?;
    let day = day.strip_prefix(' ').map_or_else(|| digits(day, 2), |day| digits(day, 1))?;
    Some((day, month, digits(year, 4)?, time))
}

fn digits(text: &str, count: usize) -> Option<u64> {
    let valid = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if valid { text.parse().ok() } else { None }
}

/// The year with these two last digits: what seems more than 50 years ahead is past.
fn recent(digits: u64, now: SystemTime) -> u64 {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let present = 1970 + since.as_secs() / 31_556_952;
    let year = present / 100 * 100 + digits;
    if year > present + 50 { year - 100 } else { year }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn length(month: u64, year: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970; nothing before it.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let before = |year: u64| year * 365 + year / 4 - year / 100 + year / 400;
    let years = before(year.checked_sub(1)?).checked_sub(before(1969))?;
    Some(years + (1..month).map(|month| length(month, year)).sum::<u64>() + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<u64> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let read = read_http_date(text, now)?;
        Some(read.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs())
    }

    #[test]
    fn all_three_forms_are_read_in_any_case_and_with_any_weekday() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "MON, 06 NOV 1994 08:49:37 gmt",
            "Tuesday, 06-nov-94 08:49:37 Gmt",
            "fri nov  6 08:49:37 1994",
        ] {
            assert_eq!(read(text), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn it_agrees_with_the_dates_we_write() {
        for day in 0..40_000 {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86_400 + 86_399);
            assert_eq!(read_http_date(&httpdate::fmt_http_date(at), at), Some(at), "{day}");
        }
    }

    #[test]
    fn a_year_of_two_digits_is_at_most_fifty_years_ahead() {
        assert_eq!(read("Friday, 01-Jan-76 00:00:00 GMT"), read("Wed, 01 Jan 2076 00:00:00 GMT"));
        assert_eq!(read("Friday, 01-Jan-77 00:00:00 GMT"), read("Sat, 01 Jan 1977 00:00:00 GMT"));
    }

    #[test]
    fn everything_else_is_no_date() {
        for text in [
            "",
            "0",
            "-1",
            "Sun, 06 Nov 1994 08:49:37 PST",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT",
            "Sun, 06  Nov 1994 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 1995 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1960 08:49:37 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "süß Nov  6 08:49:37 1994",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
