//! The options of a connection string: those the driver does not know are taken out before it reads the rest.

use percent_encoding::percent_decode_str;

/// What the driver reads, and what is left for it.
pub(crate) struct Rest {
    /// The connection string without the options below.
    pub(crate) text: String,
    /// Options that are ours to read, decoded, in their order.
    pub(crate) ours: Vec<(&'static str, String)>,
}

/// Options that this crate reads, named as libpq names them. Source: PostgreSQL documentation, 34.1.2 "Parameter
/// Key Words".
const OURS: &[&str] = &["sslmode", "sslrootcert", "sslcert", "sslkey", "ssl_min_protocol_version"];

/// Every option of a connection string.
pub(crate) const KNOWN: &[&str] = &[
    "user",
    "password",
    "dbname",
    "host",
    "hostaddr",
    "port",
    "options",
    "application_name",
    "connect_timeout",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslnegotiation",
    "ssl_min_protocol_version",
    "channel_binding",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "load_balance_hosts",
];

/// Takes our options out of a connection string.
pub(crate) fn split(text: &str) -> Rest {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        split_url(text)
    } else {
        split_pairs(text)
    }
}

fn ours(name: &str) -> Option<&'static str> {
    OURS.iter().find(|ours| **ours == name).copied()
}

fn split_url(text: &str) -> Rest {
    // As the driver reads it: credentials end at the first `@`, and may contain a `?`.
    let from = text.find('@').unwrap_or_default();
    let Some(mark) = text[from..].find('?').map(|at| from + at) else {
        return Rest { text: text.to_owned(), ours: Vec::new() };
    };
    let mut found = Vec::new();
    let left: Vec<&str> = text[mark + 1..]
        .split('&')
        .filter(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = ours(name);
            if let Some(name) = name {
                found.push((name, percent_decode_str(value).decode_utf8_lossy().into_owned()));
            }
            name.is_none()
        })
        .collect();
    let mut rest = text[..mark].to_owned();
    if left.iter().any(|pair| !pair.is_empty()) {
        rest.push('?');
        rest.push_str(&left.join("&"));
    }
    Rest { text: rest, ours: found }
}

fn split_pairs(text: &str) -> Rest {
    let (mut rest, mut found, mut at) = (String::new(), Vec::new(), 0);
    while let Some(pair) = next_pair(text, at) {
        match ours(&text[pair.name.clone()]) {
            Some(name) => found.push((name, pair.value)),
            None => rest.push_str(&text[at..pair.end]),
        }
        at = pair.end;
    }
    // What is no pair is the driver's to complain about.
    rest.push_str(&text[at..]);
    Rest { text: rest, ours: found }
}

struct Pair {
    name: std::ops::Range<usize>,
    value: String,
    end: usize,
}

/// The pair `name = value` that begins at or after byte `at`, by libpq's rules of quoting.
fn next_pair(text: &str, at: usize) -> Option<Pair> {
    let skip = |from: usize| from + (text[from..].len() - text[from..].trim_start().len());
    let start = skip(at);
    let end = text[start..].find(|c: char| c == '=' || c.is_whitespace()).map(|len| start + len)?;
    let equals = skip(end);
    let from = skip(equals + text[equals..].strip_prefix('=').map(|_| 1)?);
    let quoted = text[from..].starts_with('\'');
    let mut value = String::new();
    let mut letters = text[from..].char_indices().skip(usize::from(quoted));
    while let Some((offset, letter)) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Some(Pair { name: start..end, value, end: from + offset + 1 }),
            blank if !quoted && blank.is_whitespace() => {
                return Some(Pair { name: start..end, value, end: from + offset });
            }
            other => value.push(other),
        }
    }
    (!quoted && !value.is_empty()).then_some(Pair { name: start..end, value, end: text.len() })
}

/// The option that was probably meant by a name with at most two wrong letters. Only the option is ever shown: a name
/// in the wrong place may be a password.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let near = KNOWN.iter().map(|known| (distance(name, known), *known)).min()?;
    (near.0 <= 2).then_some(near.1)
}

/// Letters to change, add or take away to make one word the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{Rest, nearest, split};
    use proptest::prelude::*;

    fn parts(text: &str) -> (String, Vec<(&'static str, String)>) {
        let Rest { text, ours } = split(text);
        (text, ours)
    }

    #[test]
    fn ours_are_taken_out_of_both_forms() {
        let (rest, ours) =
            parts("postgres://a:p?x@db/shop?sslmode=verify-full&port=1&sslrootcert=%2Fetc%2Fca.pem");
        assert_eq!(rest, "postgres://a:p?x@db/shop?port=1");
        assert_eq!(ours, [("sslmode", "verify-full".to_owned()), ("sslrootcert", "/etc/ca.pem".to_owned())]);
        let (rest, ours) =
            parts(r"host=db sslrootcert = '/a b\'c' password='x sslmode=no' sslmode=verify-ca");
        assert_eq!(rest.split_whitespace().collect::<Vec<_>>(), ["host=db", "password='x", "sslmode=no'"]);
        assert_eq!(ours, [("sslrootcert", "/a b'c".to_owned()), ("sslmode", "verify-ca".to_owned())]);
        assert_eq!(parts("postgres://db?sslmode=disable").0, "postgres://db");
    }

    #[test]
    fn a_slip_of_the_finger_is_recognized() {
        assert_eq!(nearest("sslmod"), Some("sslmode"));
        assert_eq!(nearest("aplication_name"), Some("application_name"));
        assert_eq!(nearest("geheim"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in any::<String>()) {
            // What has no option of ours is handed on as it is.
            let Rest { text: rest, ours } = split(&text);
            prop_assert!(!ours.is_empty() || rest == text || text.contains('?'));
        }

        #[test]
        fn the_driver_reads_the_same_without_our_options(password in "[ -~]{0,12}", db in "[a-z]{1,8}") {
            let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");
            let text = format!("host=h password='{quoted}' sslcert=x dbname={db}");
            let Rest { text, ours } = split(&text);
            prop_assert_eq!(ours, vec![("sslcert", "x".to_owned())]);
            let read: tokio_postgres::Config = text.parse().expect("the rest is a connection string");
            prop_assert_eq!(read.get_password(), Some(password.as_bytes()));
            prop_assert_eq!(read.get_dbname(), Some(db.as_str()));
        }
    }
}
