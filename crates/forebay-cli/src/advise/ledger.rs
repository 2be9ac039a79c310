//! The ledger's file: JSON lines, one record each.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use forebay_plan::advise::{Ledger, Record};

use crate::error::Error;

/// A ledger, and the lines of its file that are none of it.
#[derive(Debug)]
pub(super) struct LedgerFile {
    path: PathBuf,
    pub(super) ledger: Ledger,
    lines: Vec<Line>,
    /// Lines that cannot be read, with what is wrong.
    pub(super) problems: Vec<String>,
}

#[derive(Debug)]
enum Line {
    /// The next of the ledger's records.
    Record,
    /// What cannot be read is kept as it is.
    Kept(Vec<u8>),
}

impl LedgerFile {
    /// Reads a file; one that is not there yet is an empty ledger.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(Error::Open { path: path.to_owned(), source }),
        };
        Ok(Self::of(path, &text))
    }

    fn of(path: &Path, text: &[u8]) -> Self {
        let mut file = Self {
            path: path.to_owned(),
            ledger: Ledger::default(),
            lines: Vec::new(),
            problems: Vec::new(),
        };
        for (at, line) in text.split(|&byte| byte == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match read(line) {
                Ok(record) => {
                    file.ledger.records.push(record);
                    file.lines.push(Line::Record);
                }
                Err(what) => {
                    file.problems.push(format!("{}, line {}: {what}; it is kept", path.display(), at + 1));
                    file.lines.push(Line::Kept(line.to_vec()));
                }
            }
        }
        file
    }

    /// Writes the file anew: beside it first, so that it is whole at every moment.
    pub(super) fn save(&self) -> Result<(), Error> {
        // A link stays one.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let beside = path.with_file_name(name);
        let written = self.write(&beside, &path);
        if written.is_err() {
            let _was_not_made = fs::remove_file(&beside);
        }
        written.map_err(|source| Error::Save { path: self.path.clone(), source })
    }

    fn write(&self, beside: &Path, path: &Path) -> io::Result<()> {
        let mut file = File::create(beside)?;
        if let Ok(old) = fs::metadata(path) {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(&self.text())?;
        file.sync_all()?;
        fs::rename(beside, path)
    }

    fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut records = self.ledger.records.iter();
        let mut add = |line: &[u8]| {
            text.extend_from_slice(line);
            text.push(b'\n');
        };
        for line in &self.lines {
            match line {
                Line::Record => records.next().into_iter().for_each(|record| add(&told(record))),
                Line::Kept(line) => add(line),
            }
        }
        records.for_each(|record| add(&told(record)));
        text
    }
}

fn told(record: &Record) -> Vec<u8> {
    serde_json::to_vec(record).expect("strings and numbers always serialise")
}

fn read(line: &[u8]) -> Result<Record, String> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: u32,
    }
    // Not with the parser's words: they may repeat the line.
    let found: Versioned = serde_json::from_slice(line).map_err(|_| "no record of a ledger".to_owned())?;
    if found.version != Record::VERSION {
        return Err(format!("a record of version {}, of which this forebay knows nothing", found.version));
    }
    serde_json::from_slice(line)
        .map_err(|error| format!("no record of a ledger, at column {}", error.column()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::LedgerFile;

    const RECORD: &str = r#"{"version":1,"id":"a","database":"shop","schema":"public","table":"orders","name":"orders_a_idx","definition":{"method":"btree","keys":[{"text":"a","column":"a","operator_class":null,"collation":null,"descending":false,"nulls_first":false}],"include":[],"predicate":null,"unique":false},"ddl":["CREATE INDEX"],"bytes":8192,"first_advised_ms":1,"advised_ms":2,"table_scans":3,"statements":[{"fingerprint":"f","statement":"select $?","weight":1.0,"cost_before":9.5,"cost_after":1.5,"counted":{"calls":4,"total_ms":0.5,"blocks":7,"reset_us":5}}],"seen":null}"#;

    #[test]
    fn lines_that_cannot_be_read_are_named_and_kept_in_their_place() {
        let later = r#"{"version":2,"what":"ever"}"#;
        let text = format!("{RECORD}\nnonsense\n\n{later}\n{{\"version\":1}}\n{RECORD}");
        let mut bytes = text.clone().into_bytes();
        bytes.extend_from_slice(b"\n\xff\xfe");
        let mut file = LedgerFile::of(Path::new("ledger"), &bytes);
        assert_eq!(file.ledger.records.len(), 2);
        let lines: Vec<&str> = file.problems.iter().filter_map(|what| what.split(':').next()).collect();
        assert_eq!(lines, ["ledger, line 2", "ledger, line 4", "ledger, line 5", "ledger, line 7"]);
        assert!(file.problems[1].contains("version 2"), "{:?}", file.problems);
        file.ledger.records.push(file.ledger.records[0].clone());
        let mut wanted = text.replace("\n\n", "\n").into_bytes();
        wanted.extend_from_slice(b"\n\xff\xfe\n");
        wanted.extend_from_slice(RECORD.as_bytes());
        wanted.push(b'\n');
        assert_eq!(String::from_utf8_lossy(&file.text()), String::from_utf8_lossy(&wanted));
    }

    #[test]
    fn a_ledger_that_is_saved_is_read_again_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.jsonl");
        let mut file = LedgerFile::open(&path).expect("a new one");
        assert!(file.ledger.records.is_empty() && file.problems.is_empty());
        file.ledger.records.push(serde_json::from_str(RECORD).expect("a record"));
        file.save().expect("the folder is ours");
        let again = LedgerFile::open(&path).expect("it is there");
        assert_eq!(again.ledger, file.ledger);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
        let nowhere = LedgerFile::open(&folder.path().join("no/ledger")).expect("a new one");
        assert!(nowhere.save().is_err());
    }
}
