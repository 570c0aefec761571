//! The handler that does nothing: the same HTTP stack as the server's (axum on hyper on tokio), which reads the body and gives a constant
//! answer of the server's size.
//!
//! Left out: everything else, so what it takes is what HTTP itself costs here. Invariant: it reads the whole body before it answers.

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use std::io::Write as _;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The answer's body
    #[arg(long)]
    reply: String,
}

#[tokio::main]
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let reply = Bytes::from(args.reply);
    let answer = move |body: Bytes| async move {
        std::hint::black_box(&body);
        ([(CONTENT_TYPE, "application/json")], reply.clone())
    };
    let app = Router::new().route("/ring", post(answer));
    writeln!(
        std::io::stdout().lock(),
        "{}",
        serde_json::json!({ "base": base })
    )?;
    axum::serve(listener, app).await?;
    Ok(())
}
