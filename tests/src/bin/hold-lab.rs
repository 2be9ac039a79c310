//! Starts a lab, prints its addresses, and ends as its argument says. The lab's own tests end it in every other way.
#![expect(clippy::print_stdout, reason = "its output is what the tests read")]

use std::io::Read;

use anyhow::Result;
use forebay_tests::{Lab, LabSpec, PostgresSpec};

#[tokio::main]
async fn main() -> Result<()> {
    let spec = LabSpec { postgres: Some(PostgresSpec::with_standbys(1)), ..LabSpec::default() };
    let lab = Lab::start(&spec).await?;
    println!("{}", lab.addresses().to_environment());
    match std::env::args().nth(1).as_deref() {
        Some("panic") => panic!("as asked"),
        Some("kill-primary") => {
            if let Some(postgres) = lab.postgres() {
                postgres.kill();
            }
        }
        _ => {}
    }
    // Until the input ends, or for ever.
    let _end = std::io::stdin().read(&mut [0]);
    Ok(())
}
