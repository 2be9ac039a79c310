use clap::Parser;
use forebay_response::CacheRules;
use http::{Uri, uri::Authority};
use std::{net::SocketAddr, time::Duration};

/// A shared cache (RFC 9111) in front of one origin. What it did is in the `Cache-Status` of each response.
///
/// Unsafe methods pass through, and what they may have changed is forgotten. An origin that is down is a 502, one that is
/// slow a 504, unless a stale response may stand in.
#[derive(Debug, Clone, Parser)]
#[command(name = "proxy", version)]
pub struct Arguments {
    /// The origin, such as `http://127.0.0.1:8000`; only `http`, without a path.
    #[arg(long, value_name = "URL", value_parser = origin)]
    pub origin: Authority,
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// How many seconds the origin may take to begin its answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..3600))]
    pub timeout: u64,
    /// Memory for what is kept, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub memory: u64,
    /// A cookie that never changes a response; requests with others pass through. May be repeated.
    #[arg(long, value_name = "NAME")]
    pub ignore_cookie: Vec<String>,
    /// For how many seconds it is remembered that a resource is not to be kept.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub pass_for: u64,
    /// Sends bodies as the origin does, neither encoded nor with tags of their own.
    #[arg(long)]
    pub plain: bool,
}

impl Arguments {
    /// The rules of the cache.
    pub fn cache_rules(&self) -> CacheRules {
        CacheRules {
            // The origin is another program: what its `Vary` says is believed.
            view: forebay_response::View::Whole,
            ignored_cookies: self.ignore_cookie.clone(),
            pass_for: Duration::from_secs(self.pass_for),
            ..CacheRules::default()
        }
    }
}

fn origin(text: &str) -> Result<Authority, String> {
    let uri: Uri = text.parse().map_err(|error| format!("no URL: {error}"))?;
    match (uri.scheme_str(), uri.authority(), uri.path_and_query().map(|path| path.as_str())) {
        (Some("http"), Some(authority), None | Some("/")) => Ok(authority.clone()),
        (Some("http"), Some(_), Some(_)) => Err("must have no path".to_owned()),
        _ => Err("must be http://host:port".to_owned()),
    }
}
