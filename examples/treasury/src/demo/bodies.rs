use crate::{
    SameArgs, data,
    load::{Address, Connection},
    terminal,
};
use anyhow::{Context, ensure};

/// What clients may accept.
const ACCEPTS: [&str; 3] = ["", "accept-encoding: gzip\r\n", "accept-encoding: gzip, deflate, br\r\n"];
/// How many accounts are looked at.
const ACCOUNTS: usize = 24;

/// `treasury same`.
pub(crate) fn same(args: &SameArgs) -> anyhow::Result<()> {
    let compared = identical(&Address::parse(&args.bare)?, &Address::parse(&args.forebay)?, args.scale)?;
    terminal::result(&format!("{compared} answers compared, all identical"));
    Ok(())
}

/// Asks both services the same, over every route, coding and kind of answer, and compares decoded bodies.
/// Returns how many answers were compared; the first difference is an error. Blocks.
pub(super) fn identical(bare: &Address, forebay: &Address, scale: f64) -> anyhow::Result<usize> {
    let mut pair = Pair { bare: Peer::new(bare)?, forebay: Peer::new(forebay)?, compared: 0 };
    let accounts = data::active_accounts(scale);
    let chosen: Vec<i64> = accounts.iter().step_by((accounts.len() / ACCOUNTS).max(1)).copied().collect();
    for id in &chosen {
        pair.account(*id)?;
    }
    for query in ["almond", "forest+a", "lemon", "no+such+part", "%C3%A9"] {
        pair.same(&format!("/search?q={query}"))?;
    }
    for odd in
        ["/accounts/0/dashboard", "/accounts/1/ledger?after=nonsense", "/search?q=", "/accounts/x/ledger"]
    {
        pair.same(odd)?;
    }
    // What a payment changes shows at once, and the same, on both.
    for id in chosen.iter().take(6) {
        pair.pay(*id)?;
        pair.account(*id)?;
    }
    Ok(pair.compared)
}

struct Pair {
    bare: Peer,
    forebay: Peer,
    compared: usize,
}

impl Pair {
    /// Every page of one account.
    fn account(&mut self, id: i64) -> anyhow::Result<()> {
        self.same(&format!("/accounts/{id}/dashboard"))?;
        self.same(&format!("/accounts/{id}/portfolio"))?;
        let mut page = Some(format!("/accounts/{id}/ledger"));
        while let Some(path) = page {
            page = self.same(&path)?;
        }
        Ok(())
    }

    /// The same answer in every coding, the second time too (then it is a hit), and the same next page.
    fn same(&mut self, path: &str) -> anyhow::Result<Option<String>> {
        let expected = self.bare.get(path, "")?;
        for accept in ACCEPTS.into_iter().chain(ACCEPTS) {
            let given = self.forebay.get(path, accept)?;
            ensure!(
                given == expected,
                "{path} differs ({}): bare {} {}, forebay {} {}",
                accept.trim_end(),
                expected.status,
                String::from_utf8_lossy(&expected.body),
                given.status,
                String::from_utf8_lossy(&given.body)
            );
            self.compared += 1;
        }
        Ok(expected.next)
    }

    fn pay(&mut self, id: i64) -> anyhow::Result<()> {
        let expected = self.bare.pay(id)?;
        let given = self.forebay.pay(id)?;
        ensure!(
            given == expected && given.status == 201,
            "a payment to {id} differs: {expected:?}, {given:?}"
        );
        self.compared += 1;
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: u16,
    version: Option<i64>,
    next: Option<String>,
    body: Vec<u8>,
}

struct Peer {
    host: String,
    connection: Connection,
}

impl Peer {
    fn new(address: &Address) -> anyhow::Result<Self> {
        Ok(Self { host: address.host.clone(), connection: Connection::open(address)? })
    }

    fn get(&mut self, path: &str, accept: &str) -> anyhow::Result<Seen> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{accept}\r\n", self.host))
            .with_context(|| path.to_owned())
    }

    fn pay(&mut self, id: i64) -> anyhow::Result<Seen> {
        let body = "{\"amount_cents\":1250,\"memo\":\"first of the month\"}";
        self.ask(&format!(
            "POST /accounts/{id}/payments HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        ))
    }

    fn ask(&mut self, request: &str) -> anyhow::Result<Seen> {
        let answer = self.connection.exchange(request.as_bytes())?;
        Ok(Seen {
            status: answer.head.status,
            version: answer.head.version,
            next: answer.next().map(str::to_owned),
            body: answer.decoded()?,
        })
    }
}
