//! What statements are judged by, beside their text.

use std::time::Duration;

use clap::Args;
use forebay_pool::{CatalogConfig, CatalogSnapshot};
use forebay_sql::{AllowList, Catalog, Class, RelationName, classify, classify_with};

use crate::error::Error;

/// What is known of the database.
#[derive(Debug, Args)]
#[command(next_help_heading = "The database's own functions, views and tables")]
pub(super) struct Knowledge {
    /// Read the catalogue of this database once, and answer with it: `postgres://[user[:password]@]host[:port]/database`, or
    /// `key=value` pairs. Any server of the cluster will do; nothing is changed there.
    #[arg(long, value_name = "URL", hide_env_values = true)]
    url: Option<String>,
    /// A function of your own that only reads, as `read_only_functions` of a pool; may be given more than once.
    #[arg(long, value_name = "NAME", value_parser = name)]
    read_only_function: Vec<String>,
    /// A function that is only called on the primary, as `primary_functions` of a pool.
    #[arg(long, value_name = "NAME", value_parser = name)]
    primary_function: Vec<String>,
    /// A table or view that is only read on the primary, as `primary_tables` of a pool.
    #[arg(long, value_name = "NAME", value_parser = name)]
    primary_table: Vec<String>,
    /// How many seconds connecting, and reading the catalogue, may take.
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS", value_parser = crate::cli::seconds)]
    timeout: f64,
}

impl Knowledge {
    /// Asks the database, if one is named.
    pub(super) fn gather(&self) -> Result<Judge, Error> {
        let allow = AllowList::default()
            .read_only_functions(&self.read_only_function)
            .primary_functions(&self.primary_function)
            .primary_tables(&self.primary_table);
        let snapshot = self.url.as_deref().map(|url| self.read(url)).transpose()?;
        Ok(Judge { allow, snapshot })
    }

    fn read(&self, url: &str) -> Result<CatalogSnapshot, Error> {
        let config = CatalogConfig {
            read_timeout: Duration::from_secs_f64(self.timeout),
            // One reading, by somebody who waits for it: its time is bound enough.
            entries_max: usize::MAX,
            bytes_max: usize::MAX,
            ..CatalogConfig::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| Error::Runtime { source })?;
        Ok(runtime.block_on(CatalogSnapshot::fetch(url, &config)).map_err(Box::new)?)
    }
}

fn name(text: &str) -> Result<String, String> {
    match RelationName::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("expected a name as SQL has it, such as `score` or `app.\"Score\"`".to_owned()),
    }
}

/// Decides what a statement is.
#[derive(Debug)]
pub(super) struct Judge {
    allow: AllowList,
    snapshot: Option<CatalogSnapshot>,
}

impl Judge {
    pub(super) fn class(&self, sql: &str) -> Class {
        match &self.snapshot {
            Some(snapshot) => snapshot.classify(sql, &self.allow),
            None if self.allow.is_empty() => classify(sql),
            None => classify_with(sql, &Catalog::default(), None, &self.allow),
        }
    }
}
