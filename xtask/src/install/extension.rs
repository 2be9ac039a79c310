//! HypoPG, by which index advice asks the planner about indexes that are not there.

use std::path::{Path, PathBuf};

use forebay_tests::Choice;

/// The package that is missing; none where it is there, or where PostgreSQL is not the distribution's own, so that no package fits it.
pub(super) fn missing() -> Option<String> {
    match Choice::postgres() {
        Ok(Choice::Start(programs)) => missing_for(&programs, Path::new("/usr/share/postgresql")),
        _ => None,
    }
}

fn missing_for(programs: &Path, shared: &Path) -> Option<String> {
    let version = programs.strip_prefix("/usr/lib/postgresql").ok()?.parent()?.to_str()?;
    let control: PathBuf = shared.join(version).join("extension/hypopg.control");
    (!control.is_file()).then(|| format!("postgresql-{version}-hypopg"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::missing_for;

    #[test]
    fn the_package_is_that_of_the_servers_version() {
        let debian = Path::new("/usr/lib/postgresql/15/bin");
        let shared = tempfile::tempdir().unwrap();
        assert_eq!(missing_for(debian, shared.path()).as_deref(), Some("postgresql-15-hypopg"));
        let folder = shared.path().join("15/extension");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("hypopg.control"), "").unwrap();
        assert_eq!(missing_for(debian, shared.path()), None);
        assert_eq!(missing_for(Path::new("/opt/postgres/bin"), shared.path()), None);
    }
}
