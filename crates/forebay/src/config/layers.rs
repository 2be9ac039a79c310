use super::{ConfigError, Origin};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// Settings laid over one another, each remembering where it came from.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    table: Table,
    /// Dotted path of a leaf → where it was given last.
    origins: BTreeMap<String, Origin>,
}

impl Layers {
    /// Lays plain data over what is there; fields that are `None` change nothing.
    pub(crate) fn over_data<T: Serialize>(&mut self, data: &T) -> Result<(), ConfigError> {
        let table = Table::try_from(data).map_err(|e| ConfigError::Value {
            key: "configuration".into(),
            origin: Origin::Code,
            problem: e.to_string(),
        })?;
        self.over(table, &Origin::Code);
        Ok(())
    }

    /// Lays a table over what is there.
    pub(crate) fn over(&mut self, table: Table, origin: &Origin) {
        merge(&mut self.table, table, "", origin, &mut self.origins);
    }

    /// Sets one value by its path.
    pub(crate) fn set(&mut self, path: &[&str], value: Value, origin: &Origin) {
        let mut nested = value;
        for name in path.iter().rev() {
            nested = Value::Table(Table::from_iter([((*name).to_owned(), nested)]));
        }
        if let Value::Table(table) = nested {
            self.over(table, origin);
        }
    }

    /// Where a section, or the closest thing to `path` inside or around it, was given.
    pub(crate) fn origin(&self, path: &str) -> Origin {
        let inside =
            |known: &str| known.strip_prefix(path).is_some_and(|r| r.is_empty() || r.starts_with(['.', '[']));
        let around =
            |known: &str| path.strip_prefix(known).is_some_and(|r| r.is_empty() || r.starts_with(['.', '[']));
        let mut found = self.origins.iter().rfind(|(known, _)| around(known));
        if found.is_none() {
            found = self.origins.iter().find(|(known, _)| inside(known));
        }
        found.map_or(Origin::Code, |(_, origin)| origin.clone())
    }

    /// Whether anything was given in a section.
    pub(crate) fn has(&self, section: &str) -> bool {
        self.table.contains_key(section)
    }

    /// Reads everything into `T`.
    ///
    /// Variables are text without a type. Each is tried as a TOML value first, then as plain text, then as a
    /// comma-separated list, until it fits its key.
    pub(crate) fn decode<T: DeserializeOwned>(mut self) -> Result<(T, Self), ConfigError> {
        // The first problem with a key is the one about what was written; later ones are about other forms of it.
        let mut first = BTreeMap::<String, String>::new();
        loop {
            let error = match serde_path_to_error::deserialize(Value::Table(self.table.clone())) {
                Ok(decoded) => return Ok((decoded, self)),
                Err(error) => error,
            };
            let key = error.path().to_string();
            let origin = self.origin(&key);
            let problem =
                first.entry(key.clone()).or_insert_with(|| error.into_inner().message().to_owned()).clone();
            if !matches!(origin, Origin::Variable(_)) || !self.reinterpret(&key) {
                return Err(ConfigError::Value { key, origin, problem });
            }
        }
    }

    /// Puts the next form of a variable's value in place; `false` when there is none left.
    fn reinterpret(&mut self, key: &str) -> bool {
        let path: Vec<&str> = key.split(['.', '[']).collect();
        let Some((leaf, parents)) = path.split_last() else { return false };
        let mut table = &mut self.table;
        for name in parents {
            match table.get_mut(*name) {
                Some(Value::Table(inner)) => table = inner,
                _ => return false,
            }
        }
        let Some(value) = table.get_mut(*leaf) else { return false };
        let next = match *value {
            Value::String(ref text) => list(text),
            Value::Table(_) | Value::Array(_) => return false,
            ref other => Value::String(other.to_string()),
        };
        *value = next;
        true
    }
}

/// A comma-separated list; blanks around the commas and empty items do not count.
pub(super) fn list(text: &str) -> Value {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
}

fn merge(
    into: &mut Table,
    from: Table,
    prefix: &str,
    origin: &Origin,
    origins: &mut BTreeMap<String, Origin>,
) {
    for (name, value) in from {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match (into.get_mut(&name), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above, &path, origin, origins),
            (_, Value::Table(above)) => {
                let mut fresh = Table::new();
                merge(&mut fresh, above, &path, origin, origins);
                into.insert(name, Value::Table(fresh));
            }
            (_, leaf) => {
                origins.insert(path, origin.clone());
                into.insert(name, leaf);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Probe {
        part: Part,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Part {
        name: String,
        #[serde(default)]
        size: u32,
        #[serde(default)]
        hosts: Vec<String>,
    }

    fn variable() -> Origin {
        Origin::Variable("FOREBAY_PART_X".into())
    }

    #[test]
    fn a_number_in_a_variable_becomes_text_where_text_is_wanted() {
        let mut layers = Layers::default();
        layers.set(&["part", "name"], Value::Integer(42), &variable());
        layers.set(&["part", "hosts"], Value::String("a, b".into()), &variable());
        let (probe, _) = layers.decode::<Probe>().unwrap();
        assert_eq!(probe.part, Part { name: "42".into(), size: 0, hosts: vec!["a".into(), "b".into()] });
    }

    #[test]
    fn the_later_layer_wins_and_the_error_names_it() {
        let mut layers = Layers::default();
        layers
            .over(toml::from_str("part = { name = 'x', size = 3 }").unwrap(), &Origin::File("f.toml".into()));
        layers.set(&["part", "size"], Value::String("many".into()), &variable());
        let error = layers.decode::<Probe>().unwrap_err().to_string();
        assert!(error.starts_with("part.size (from $FOREBAY_PART_X): invalid type"), "{error}");
    }

    #[test]
    fn an_unknown_key_names_its_file() {
        let mut layers = Layers::default();
        layers
            .over(toml::from_str("part = { name = 'x', sise = 3 }").unwrap(), &Origin::File("f.toml".into()));
        let error = layers.decode::<Probe>().unwrap_err().to_string();
        assert!(error.starts_with("part.sise (from f.toml): unknown field `sise`"), "{error}");
    }
}
