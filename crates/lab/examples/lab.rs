//! Runs a lab and says how to use it: `cargo run -p campanile-lab --example lab [PORT]`.

use campanile_lab::{Lab, LabConfig};
use std::net::{Ipv4Addr, SocketAddr};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example speaks to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |text| text.parse())?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let lab = Lab::start(LabConfig {
        listen,
        ..LabConfig::default()
    })
    .await?;
    let hints = lab.start_hints();
    println!("The lab is at {}\n", lab.url());
    println!(
        "{}\n",
        hints.firefox_command("/tmp/lab-firefox", "http://localhost:8080/")
    );
    println!(
        "{}",
        hints.chromium_command("/tmp/lab-chromium", "http://localhost:8080/")
    );
    std::future::pending::<()>().await;
    Ok(())
}
