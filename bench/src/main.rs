//! Benchmarks against peers and limits. `bench/run` builds and runs all of it; `bench/README.md` says what is measured and how.
//!
//! - [`encrypt`] drives senders of web push, each in a process of its own: [`sender`] is ours, the others are in `bench/peers`; it has the
//!   limit beside it, [`primitives`]
//! - [`ingest`] drives the real server and [`null`], a handler that does nothing, with [`load`]
//! - [`decide`] drives [`decider`], which decides and explains on a [`scene`] of campaigns
//! - [`campaign`] sends push campaigns through the whole [`product`] to the lab
//! - [`scale`] runs one push to ten thousand, and to a million, at a [`sink`]; [`send`] drives the senders there, each with its own client
//! - [`report`] and [`push_report`] make the page in `bench/results` of what all have written
//!
//! Left out: absolute assertions (machines differ; ratios are what is compared). Invariant: what is measured and what it is measured
//! against take turns in one run, and no measured process measures itself.

mod campaign;
mod decide;
mod decider;
mod encrypt;
mod ingest;
mod load;
mod null;
mod primitives;
mod process;
mod product;
mod push_report;
mod report;
mod scale;
mod scene;
mod send;
mod sender;
mod sink;

use clap::{Parser, Subcommand};

/// Benchmarks of Campanile. Use bench/run, which builds everything and calls these.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Encryption and headers of one push message: ours, the crate web-push, npm web-push, pywebpush
    Encrypt(encrypt::Args),
    /// Our sender, as driven by `encrypt`
    Sender,
    /// Ingestion over HTTP: the server on SQLite and PostgreSQL against a handler that does nothing
    Ingest(ingest::Args),
    /// The handler that does nothing, as driven by `ingest`
    Null(null::Args),
    /// One load of batches, as driven by `ingest`
    Load(load::Args),
    /// Deciding pop-ups: a decision, its explanation, and the visitor's row
    Decide(decide::Args),
    /// What decides, as driven by `decide`
    Decider(decider::Args),
    /// Push campaigns through the product to the lab's browsers
    Campaign(campaign::Args),
    /// The product, as driven by `campaign`
    Product(product::Args),
    /// A push campaign to ten thousand subscribers, and to a million
    Scale(scale::Args),
    /// Sending over TLS to the lab: ours, the crate web-push and npm web-push, each with its own client
    Send(send::Args),
    /// The lab as a sink, as driven by `scale` and `send`
    Sink,
    /// The page of results
    Report(report::Args),
}

fn main() -> anyhow::Result<()> {
    match Args::parse().command {
        Command::Encrypt(args) => encrypt::run(&args),
        Command::Sender => sender::run(),
        Command::Ingest(args) => ingest::run(&args),
        Command::Null(args) => null::run(args),
        Command::Load(args) => load::run(&args),
        Command::Decide(args) => decide::run(&args),
        Command::Decider(args) => decider::run(&args),
        Command::Campaign(args) => campaign::run(&args),
        Command::Product(args) => product::run(args),
        Command::Scale(args) => scale::run(&args),
        Command::Send(args) => send::run(&args),
        Command::Sink => sink::run(),
        Command::Report(args) => report::run(&args),
    }
}
