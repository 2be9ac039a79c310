use super::{
    bodies,
    databases::{BARE, Databases, FOREBAY},
    figures,
    freshness::{BOUND, FreshnessPlan, freshness},
    measure::{Measured, Plan, Side, WarmUp, measure},
    service::{Service, ServiceSpec},
    table,
};
use crate::{
    DemoArgs, Mode, data,
    load::{Fleet, FleetConfig, Report},
    terminal,
};
use anyhow::{Context, bail, ensure};
use std::time::Duration;

/// `treasury demo`: fails when answers differ, when one is stale, or when requests fail; an aim that is not
/// reached is printed and is no failure.
pub(crate) async fn command(args: DemoArgs) -> anyhow::Result<()> {
    let databases = Databases::new(&args.primary_url, &args.replica_urls);
    // Dropping the comparison half-way kills its services.
    let outcome = tokio::select! {
        outcome = compare_and_keep(&args, &databases) => outcome,
        () = terminal::asked_to_stop() => Err(anyhow::anyhow!("stopped before the end")),
    };
    databases.clean_up().await;
    outcome
}

async fn compare_and_keep(args: &DemoArgs, databases: &Databases) -> anyhow::Result<()> {
    databases.prepare(args.scale).await?;
    let services = Services::start(args, databases).await?;
    let outcome = compare(args, databases, &services).await;
    if args.keep {
        if let Err(error) = &outcome {
            terminal::progress(&format!("treasury: {error:#}"));
        }
        terminal::result(&format!("bare    {}/accounts/1/dashboard", services.bare.url));
        terminal::result(&format!("forebay {}/accounts/1/dashboard", services.forebay.url));
        terminal::progress("Ctrl-C ends the services.");
        terminal::asked_to_stop().await;
    }
    outcome
}

struct Services {
    bare: Service,
    forebay: Service,
    /// A second node with forebay, on the same database and Redis.
    other: Service,
}

impl Services {
    async fn start(args: &DemoArgs, databases: &Databases) -> anyhow::Result<Self> {
        terminal::progress("starting the services: bare, and two nodes with forebay");
        let namespace = format!("treasury-{}", std::process::id());
        let start = async |mode, database| {
            let primary_url = databases.primary(database)?;
            let replica_urls = databases.replicas(database)?;
            Service::start(&ServiceSpec {
                mode,
                primary_url: &primary_url,
                replica_urls: &replica_urls,
                redis_url: &args.redis_url,
                namespace: &namespace,
            })
            .await
        };
        Ok(Self {
            bare: start(Mode::Bare, BARE).await?,
            forebay: start(Mode::Forebay, FOREBAY).await?,
            other: start(Mode::Forebay, FOREBAY).await?,
        })
    }
}

async fn compare(args: &DemoArgs, databases: &Databases, services: &Services) -> anyhow::Result<()> {
    let scale = args.scale;
    let (bare, forebay) = (services.bare.address.clone(), services.forebay.address.clone());
    let compared = blocking(move || bodies::identical(&bare, &forebay, scale)).await?;
    terminal::progress(&format!("{compared} answers compared, all identical"));

    let mut sides = [side(args, Mode::Bare, &services.bare), side(args, Mode::Forebay, &services.forebay)];
    let plan = Plan { slice: Duration::from_secs_f64(args.slice_seconds), pairs: usize::from(args.pairs) };
    let measured = blocking(move || measure(&mut sides, plan)).await?;

    let plan = FreshnessPlan {
        nodes: vec![services.forebay.address.clone(), services.other.address.clone()],
        connections: usize::from(args.connections),
        scale,
        seed: args.seed.wrapping_add(1),
        rate: measured.open_rate,
        phase: Duration::from_secs(4),
    };
    let fresh = freshness(plan, databases).await?;
    table::print(&measured, &fresh, compared);
    figures::publish(&measured, &fresh, &args.json)?;
    verdict(&measured, &fresh)
}

fn verdict(measured: &Measured, fresh: &Report) -> anyhow::Result<()> {
    let [bare, forebay] = &measured.seen;
    for (what, report) in [
        ("bare, closed loop", &bare.closed),
        ("bare, open loop", &bare.open),
        ("forebay, closed loop", &forebay.closed),
        ("forebay, open loop", &forebay.open),
        ("freshness", fresh),
    ] {
        if let Some(first) = &report.first_error {
            bail!("{what}: {} requests failed, such as {first}", report.errors);
        }
        let stale = report.freshness.stale;
        ensure!(stale == 0, "{what}: {stale} answers older than {} ms allow", BOUND.as_millis());
    }
    Ok(())
}

fn side(args: &DemoArgs, mode: Mode, service: &Service) -> Side {
    let database = if mode == Mode::Bare { BARE } else { FOREBAY };
    let fleet = Fleet::new(&FleetConfig {
        targets: vec![service.address.clone()],
        connections: usize::from(args.connections),
        scale: args.scale,
        seed: args.seed,
        payments_percent: 2,
        bound: BOUND,
    });
    Side {
        name: mode.name(),
        database,
        address: service.address.clone(),
        fleet,
        warm_up: warm_up(mode, args.scale),
    }
}

/// Bare is warm when its pages and plans are there; forebay when most accounts have been asked for, with most of what they
/// have, as in any service that has been up for some minutes.
fn warm_up(mode: Mode, scale: f64) -> WarmUp {
    const REQUESTS_PER_ACCOUNT: u64 = 20;
    match mode {
        Mode::Bare => WarmUp { requests: 5_000, slices_max: 10 },
        Mode::Forebay => {
            let accounts = data::active_accounts(scale).len() as u64;
            WarmUp { requests: REQUESTS_PER_ACCOUNT * accounts, slices_max: 60 }
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("the measurement was stopped")?
}
