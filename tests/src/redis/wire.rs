//! As much of Redis' protocol as the lab needs: a line out, a reply back.

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::wait::Answer;

/// Sends one command, its words parted by spaces, and gives back its reply as text: strings as they are, the parts of a list in lines.
///
/// # Errors
/// Nobody listens, or the server refuses the command.
pub(super) async fn command(port: u16, line: &str) -> Result<String> {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    let mut words = Vec::new();
    let mut expected = 1;
    while expected > 0 {
        expected -= 1;
        let mut head = String::new();
        stream.read_line(&mut head).await?;
        let head = head.trim_end();
        let (kind, rest) = head.split_at_checked(1).context("the server closed the connection")?;
        match kind {
            "+" | ":" => words.push(rest.to_owned()),
            "-" => bail!("{line}: {rest}"),
            "$" => match usize::try_from(rest.parse::<i64>()?) {
                Ok(length) => {
                    let mut text = vec![0; length + 2];
                    stream.read_exact(&mut text).await?;
                    words.push(String::from_utf8_lossy(&text[..length]).into_owned());
                }
                Err(_nothing) => words.push(String::new()),
            },
            "*" => expected += usize::try_from(rest.parse::<i64>()?).unwrap_or(0),
            _ => bail!("{line}: an unknown reply {head}"),
        }
    }
    Ok(words.join("\n"))
}

/// Whether a line-based server greets back.
pub(crate) async fn answers(port: u16, greeting: &str, expected: &str) -> Answer {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(greeting.as_bytes()).await?;
        let mut reply = [0; 64];
        let length = stream.read(&mut reply).await?;
        std::io::Result::Ok(String::from_utf8_lossy(&reply[..length]).into_owned())
    };
    match exchange.await {
        Ok(reply) => Answer::when(reply.starts_with(expected), &reply),
        Err(error) => Answer::NotYet(error.to_string()),
    }
}

/// A field of a reply in lines of `name:value`, such as those of `INFO`.
pub(super) fn field<'a>(reply: &'a str, name: &str) -> Option<&'a str> {
    reply.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}
