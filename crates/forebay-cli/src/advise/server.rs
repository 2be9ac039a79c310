//! The database that is asked.

use std::time::Duration;

use clap::Args;
use forebay_plan::advise::{Advice, Options, Workload, advise_with};
use forebay_pool::Target;

use crate::cli::complain;
use crate::error::Error;

/// Where the database is.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The database: `postgres://[user[:password]@]host[:port]/database`, or `key=value` pairs. A replica will do, and has the load of
    /// the questions then.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    url: String,
    /// How many seconds connecting may take.
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS", value_parser = crate::cli::seconds)]
    connect_timeout: f64,
}

impl Server {
    /// Connects, and looks for advice; without a workload for what the server has counted.
    pub(super) fn advise(&self, workload: Option<Workload>, options: Options) -> Result<Advice, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| Error::Runtime { source })?;
        runtime.block_on(Box::pin(self.ask(workload, options)))
    }

    async fn ask(&self, workload: Option<Workload>, options: Options) -> Result<Advice, Error> {
        let target = Target::from_url(&self.url).map_err(|error| Error::Connect(Box::new(error)))?;
        let within = Duration::from_secs_f64(self.connect_timeout);
        let connected = target.open(within).await.map_err(|error| Error::Connect(Box::new(error)))?;
        let client = &connected.client;
        let workload = match workload {
            Some(workload) => workload,
            None => Workload::from_pg_stat_statements(client, &options).await.map_err(Box::new)?,
        };
        let mut progress = |news: &str| complain(news);
        Ok(advise_with(client, &workload, &options, &mut progress).await.map_err(Box::new)?)
    }
}
