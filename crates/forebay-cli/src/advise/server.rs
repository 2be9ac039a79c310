//! The database that is asked.

use std::time::Duration;

use clap::Args;
use forebay_plan::advise::{Advice, Ledger, Options, Outcome, Workload, advise_with, index_scans};
use forebay_pool::{Connected, Target};

use crate::cli::complain;
use crate::error::Error;

/// Where the database is.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The database: `postgres://[user[:password]@]host[:port]/database`, or `key=value` pairs. A replica will do, and has the load of
    /// the questions then.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    url: String,
    /// A replica whose scans of indexes count too, before one is called unused; may be given several times. It is asked for nothing else.
    #[arg(long = "replica", value_name = "URL", num_args = 1..)]
    replicas: Vec<String>,
    /// How many seconds connecting may take.
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS", value_parser = crate::cli::seconds)]
    connect_timeout: f64,
}

impl Server {
    /// Connects, and looks for advice; without a workload for what the server has counted. With a ledger also what came of earlier advice.
    pub(super) fn advise(
        &self,
        workload: Option<Workload>,
        options: Options,
        ledger: Option<&mut Ledger>,
    ) -> Result<(Advice, Option<Vec<Outcome>>), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| Error::Runtime { source })?;
        runtime.block_on(Box::pin(self.ask(workload, options, ledger)))
    }

    async fn ask(
        &self,
        workload: Option<Workload>,
        mut options: Options,
        ledger: Option<&mut Ledger>,
    ) -> Result<(Advice, Option<Vec<Outcome>>), Error> {
        let connected = self.connect(&self.url).await?;
        let client = &connected.client;
        for replica in &self.replicas {
            let connected = self.connect(replica).await?;
            let scans = index_scans(&connected.client, &options).await.map_err(Box::new)?;
            let all = options.scans_elsewhere.get_or_insert_default();
            for (index, count) in scans {
                *all.entry(index).or_default() += count;
            }
        }
        let workload = match workload {
            Some(workload) => workload,
            None => Workload::from_pg_stat_statements(client, &options).await.map_err(Box::new)?,
        };
        let mut progress = |news: &str| complain(news);
        let mut advice = advise_with(client, &workload, &options, &mut progress).await.map_err(Box::new)?;
        let outcomes = match ledger {
            Some(ledger) => Some(ledger.look(client, &mut advice, &options).await.map_err(Box::new)?),
            None => None,
        };
        Ok((advice, outcomes))
    }

    async fn connect(&self, url: &str) -> Result<Connected, Error> {
        let target = Target::from_url(url).map_err(|error| Error::Connect(Box::new(error)))?;
        let within = Duration::from_secs_f64(self.connect_timeout);
        target.open(within).await.map_err(|error| Error::Connect(Box::new(error)))
    }
}
