use super::{ConfigError, Layers, Origin, layers::list};
use std::{collections::BTreeMap, fmt};
use toml::{Table, Value};

/// The variables a [`DataPath`](crate::DataPath) reads.
///
/// | variable | sets |
/// |---|---|
/// | `DATABASE_URL` | `postgres.primary` |
/// | `DATABASE_REPLICA_URLS` | `postgres.replicas`, separated by commas |
/// | `REDIS_URL` | `redis.url` |
/// | `MEMCACHED_SERVERS` | `memcached.servers`, separated by commas |
/// | `FOREBAY_CONFIG` | the TOML file to read |
/// | `FOREBAY_<SECTION>_<KEY>` | `<section>.<key>`, such as `FOREBAY_POSTGRES_MAX_SIZE` |
/// | `FOREBAY_<SECTION>__<NAME>__<KEY>` | `<section>.<name>.<key>`, such as `FOREBAY_CACHES__USERS__TTL` |
/// | `FOREBAY_<SECTION>__<KEY>` | the same as with one `_`, for a section with a `_`: `FOREBAY_RESPONSE_CACHE__SHARED` |
///
/// `FOREBAY_…` wins over the usual names. A value is read as TOML (numbers, `true`, `["a", "b"]`), else as text,
/// else as a list separated by commas, whichever first fits the key. Variables that begin with `FOREBAY_LAB`
/// belong to the project's own test lab and are not read.
///
/// `Debug` shows the variables' names only: their values may hold passwords.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

const PREFIX: &str = "FOREBAY_";
const LAB: &str = "FOREBAY_LAB";
const FILE: &str = "FOREBAY_CONFIG";
/// The usual names, the keys they set, and whether they are lists.
const USUAL: [(&str, [&str; 2], bool); 4] = [
    ("DATABASE_URL", ["postgres", "primary"], false),
    ("DATABASE_REPLICA_URLS", ["postgres", "replicas"], true),
    ("REDIS_URL", ["redis", "url"], false),
    ("MEMCACHED_SERVERS", ["memcached", "servers"], true),
];

impl Environment {
    /// The variables of this process. One whose value is not UTF-8 is left out.
    #[must_use]
    pub fn of_process() -> Self {
        let ours = |name: &str| name.starts_with(PREFIX) || USUAL.iter().any(|(usual, ..)| *usual == name);
        let pairs =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        Self(pairs.filter(|(name, _)| ours(name)).collect())
    }

    /// No variables at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The file named by `FOREBAY_CONFIG`.
    pub(crate) fn file(&self) -> Option<&str> {
        self.0.get(FILE).map(String::as_str)
    }

    /// Lays the variables over `layers`; `has_feature` says which of the usual names have their part compiled in.
    pub(crate) fn over(
        &self,
        layers: &mut Layers,
        has_feature: impl Fn(&str) -> bool,
    ) -> Result<(), ConfigError> {
        for (name, path, is_list) in USUAL {
            // An unrelated DATABASE_URL must not break a program that uses forebay for its cache only.
            if let Some(text) =
                self.0.get(name).filter(|text| !text.trim().is_empty() && has_feature(path[0]))
            {
                let value = if is_list { list(text) } else { Value::String(text.clone()) };
                layers.set(&path, value, &Origin::Variable(name.to_owned()));
            }
        }
        for (name, text) in &self.0 {
            if !name.starts_with(PREFIX) || name.starts_with(LAB) || name == FILE {
                continue;
            }
            let path = path_of(name)?;
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            layers.set(&path, value_of(text), &Origin::Variable(name.clone()));
        }
        Ok(())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Environment").field(&self.0.keys()).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    /// Exactly these variables, for tests and programs that read their environment themselves.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

fn path_of(name: &str) -> Result<Vec<String>, ConfigError> {
    let rest = name[PREFIX.len()..].to_ascii_lowercase();
    let parts: Vec<String> = if rest.contains("__") {
        rest.split("__").map(str::to_owned).collect()
    } else {
        rest.splitn(2, '_').map(str::to_owned).collect()
    };
    if parts.len() < 2 || parts.iter().any(String::is_empty) {
        let problem = "expected FOREBAY_<SECTION>_<KEY>, such as FOREBAY_REDIS_URL".to_owned();
        return Err(ConfigError::Variable { name: name.to_owned(), problem });
    }
    Ok(parts)
}

/// A TOML value where the text is one (and not a table), else the text.
fn value_of(text: &str) -> Value {
    let parsed = toml::from_str::<Table>(&format!("v = {text}"))
        .ok()
        .filter(|table| table.len() == 1)
        .and_then(|mut table| table.remove("v"));
    match parsed {
        Some(value @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Array(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_named_parts() {
        assert_eq!(path_of("FOREBAY_POSTGRES_MAX_SIZE").unwrap(), ["postgres", "max_size"]);
        assert_eq!(
            path_of("FOREBAY_CACHES__USERS__STALE_IF_ERROR").unwrap(),
            ["caches", "users", "stale_if_error"]
        );
        assert!(path_of("FOREBAY_POSTGRES").is_err());
    }

    #[test]
    fn values_are_not_shown() {
        let environment = Environment::from_iter([("DATABASE_URL", "postgres://app:secret@db/shop")]);
        assert_eq!(format!("{environment:?}"), r#"Environment(["DATABASE_URL"])"#);
    }

    #[test]
    fn values_are_toml_where_they_can_be() {
        assert_eq!(value_of("12"), Value::Integer(12));
        assert_eq!(value_of("30s"), Value::String("30s".into()));
        assert_eq!(value_of("redis://x"), Value::String("redis://x".into()));
        assert_eq!(value_of("1\nother = 2"), Value::String("1\nother = 2".into()));
    }
}
