/// The version of a crate these benches are built with, as the workspace's `Cargo.lock` names it.
///
/// # Panics
/// When the benches do not depend on it: a version that is not the one measured would be worse.
#[must_use]
pub fn version_of(name: &str) -> &'static str {
    locked(include_str!("../../Cargo.lock"), name)
        .unwrap_or_else(|| panic!("the benches do not depend on {name}"))
}

/// What `forebay-benches` depends on under this name. A name that several versions of are locked stands with its version
/// among the dependencies.
fn locked<'l>(lock: &'l str, name: &str) -> Option<&'l str> {
    let benches = package(lock, "forebay-benches")?;
    let wanted = benches.lines().find_map(|line| {
        let entry = line.strip_prefix(" \"")?.strip_suffix("\",")?;
        let (wanted, version) =
            entry.split_once(' ').map_or((entry, None), |(name, version)| (name, Some(version)));
        (wanted == name).then_some(version)
    })?;
    match wanted {
        Some(version) => Some(version),
        None => package(lock, name)?.lines().find_map(|line| value(line, "version")),
    }
}

/// The part of a lock file about one package.
fn package<'l>(lock: &'l str, name: &str) -> Option<&'l str> {
    lock.split("[[package]]").find(|part| part.lines().any(|line| value(line, "name") == Some(name)))
}

fn value<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
[[package]]
name = "twice"
version = "1.0.0"

[[package]]
name = "twice"
version = "2.0.0"

[[package]]
name = "once"
version = "3.1.4"

[[package]]
name = "forebay-benches"
version = "0.1.0"
dependencies = [
 "once",
 "twice 2.0.0",
]
"#;

    #[test]
    fn a_version_is_the_one_the_benches_use() {
        assert_eq!(locked(LOCK, "once"), Some("3.1.4"));
        assert_eq!(locked(LOCK, "twice"), Some("2.0.0"));
        assert_eq!(locked(LOCK, "never"), None);
    }
}
