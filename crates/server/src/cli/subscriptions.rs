//! `campanile subscriptions`: a file of subscriptions to a running server, or all of its subscriptions into a file, through its API.
//!
//! Left out: judging rows, which the server does. Invariant: neither file is ever whole in memory; progress goes to standard error, and whoever
//! stops this command while the server works stops only the looking on.

use super::{HttpClient, client, say, say_aside};
use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::{Args, Subcommand, ValueEnum};
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

/// How often it is asked how far an import is.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Bytes of a file that are read at once.
const READ_AT_ONCE: usize = 256 * 1024;
/// Refused rows that are printed; all of them are in the CSV file.
const PRINTED: usize = 20;
/// Some rows were refused. (1 is a failed command, 2 a wrong argument.)
const SOME_REFUSED: u8 = 3;

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// Which server, and as whom.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// Address of the server
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// API key of the account, cmp_…; read from CAMPANILE_API_KEY where it is not given
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Jsonl,
    Csv,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Subscriptions {
    /// Import a file: JSON lines or CSV. Exits with 3 when some rows were refused
    Import {
        /// The file
        file: PathBuf,
        /// Only look: say row by row what is wrong, and how many would be reachable
        #[arg(long)]
        dry_run: bool,
        /// Private key of the VAPID pair that the subscriptions were made with: PEM, or 43 characters in a file
        #[arg(long, value_name = "PRIVATE.pem")]
        key: Option<PathBuf>,
        /// Write all refused rows into this file, as CSV
        #[arg(long, value_name = "FILE")]
        refused: Option<PathBuf>,
        /// How the file is written; left out it is seen from the file
        #[arg(long)]
        format: Option<Format>,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Write every subscription, with its secrets and its person, to standard output
    Export {
        /// How to write them
        #[arg(long, default_value = "jsonl")]
        format: Format,
        #[command(flatten)]
        server: Server,
    },
}

/// The API of a server.
struct Api {
    base: String,
    key: String,
    client: HttpClient<Body>,
}

impl Subscriptions {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Import {
                file,
                dry_run,
                key,
                refused,
                format,
                json,
                server,
            } => {
                let api = Api::new(server)?;
                let key = match key {
                    Some(path) => bring(&api, &path).await?,
                    None => String::new(),
                };
                let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.append_pair("name", &name.unwrap_or_default());
                query.append_pair("key", &key);
                query.append_pair("format", format.map_or("", Format::name));
                query.append_pair("dry_run", if dry_run { "true" } else { "false" });
                let body = file_body(&file).await?;
                say_aside(&format!("sending {}", file.display()));
                let path = format!("/subscriptions/imports?{}", query.finish());
                let kept = api.json("POST", &path, body).await?;
                let done = watch(&api, kept).await?;
                if let Some(path) = refused {
                    let rows = format!("/subscriptions/imports/{}/refused.csv", id_of(&done));
                    let mut out = std::fs::File::create(&path).with_context(|| path.display().to_string())?;
                    copy(api.ask("GET", &rows, empty()).await?, &mut out).await?;
                }
                if json {
                    say(&done.to_string());
                } else {
                    tell(&done, dry_run);
                }
                if done["state"] == "cancelled" {
                    bail!("the import was stopped on the server; what was taken stays");
                }
                let all = done["refused"]["total"] == 0;
                Ok(if all {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::from(SOME_REFUSED)
                })
            }
            Self::Export { format, server } => {
                let api = Api::new(server)?;
                let path = format!("/subscriptions/export?format={}", format.name());
                let answer = api.ask("GET", &path, empty()).await?;
                copy(answer, &mut std::io::stdout().lock()).await?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl Api {
    fn new(server: Server) -> anyhow::Result<Self> {
        let key = server.api_key.or_else(|| std::env::var("CAMPANILE_API_KEY").ok());
        Ok(Self {
            base: server.url.trim_end_matches('/').to_owned(),
            key: key.context("give an API key with --api-key, or in CAMPANILE_API_KEY")?,
            client: client()?,
        })
    }

    /// The answer's body, if it is a good one.
    async fn ask(&self, method: &str, path: &str, body: Body) -> anyhow::Result<Incoming> {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.base))
            .header("authorization", format!("Bearer {}", self.key))
            .body(body)
            .with_context(|| format!("“{}” is not an address", self.base))?;
        let response = self
            .client
            .request(request)
            .await
            .with_context(|| format!("no answer from {}; is the server running?", self.base))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let text = response.into_body().collect().await?.to_bytes();
        let said: Value = serde_json::from_slice(&text).unwrap_or_default();
        let said = said["error"]["message"].as_str().unwrap_or_default().to_owned();
        bail!("{} answered {}: {said}", self.base, status.as_u16());
    }

    async fn json(&self, method: &str, path: &str, body: Body) -> anyhow::Result<Value> {
        let body = self.ask(method, path, body).await?.collect().await?.to_bytes();
        serde_json::from_slice(&body).context("the server answered with what is no JSON")
    }
}

fn empty() -> Body {
    whole(Vec::new())
}

fn whole(bytes: Vec<u8>) -> Body {
    Full::new(Bytes::from(bytes))
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A file as the body of a request, read as it is sent.
async fn file_body(path: &Path) -> anyhow::Result<Body> {
    let file = tokio::fs::File::open(path)
        .await
        .with_context(|| path.display().to_string())?;
    let frames = stream::try_unfold(file, |mut file| async move {
        let mut bytes = vec![0; READ_AT_ONCE];
        let read = file.read(&mut bytes).await?;
        bytes.truncate(read);
        Ok((read > 0).then(|| (Frame::data(Bytes::from(bytes)), file)))
    });
    Ok(StreamBody::new(frames).boxed_unsync())
}

/// Writes an answer out as it comes in.
async fn copy(mut body: Incoming, out: &mut impl std::io::Write) -> anyhow::Result<()> {
    while let Some(frame) = body.frame().await {
        let frame = frame.context("the server was cut off; the file is not whole")?;
        if let Ok(data) = frame.into_data() {
            out.write_all(&data)?;
        }
    }
    Ok(out.flush()?)
}

/// Brings the old pair along; its id in the ring.
async fn bring(api: &Api, path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let body = json!({"private_key": text.trim(), "in_use": false}).to_string();
    let made = api
        .json("POST", "/settings/web-push/keys", whole(body.into_bytes()))
        .await
        .with_context(|| format!("the pair of {} was not taken", path.display()))?;
    Ok(made["id"].as_str().unwrap_or_default().to_owned())
}

fn id_of(import: &Value) -> &str {
    import["id"].as_str().unwrap_or_default()
}

/// Looks on until an import is over.
async fn watch(api: &Api, mut import: Value) -> anyhow::Result<Value> {
    let id = id_of(&import).to_owned();
    let path = format!("/subscriptions/imports/{id}");
    let mut told = None;
    while matches!(import["state"].as_str(), Some("checking" | "running")) {
        if told != import["read"].as_u64() {
            told = import["read"].as_u64();
            let verb = if import["state"] == "checking" {
                "looked at"
            } else {
                "imported"
            };
            say_aside(&format!("{} of {} rows {verb}", import["read"], import["rows"]));
        }
        tokio::time::sleep(LOOK_EVERY).await;
        let looked = api.json("GET", &path, empty()).await;
        import =
            looked.with_context(|| format!("nobody looks on any more; import {id} goes on at the server"))?;
    }
    Ok(import)
}

fn tell(import: &Value, dry_run: bool) {
    let (accepted, reachable) = if dry_run {
        ("Would be imported", "Would be reachable")
    } else {
        ("Imported", "Reachable of them")
    };
    let lines = [
        ("Rows", &import["rows"]),
        (accepted, &import["accepted"]),
        (reachable, &import["reachable"]["total"]),
        ("Here before", &import["known"]),
        ("Refused", &import["refused"]["total"]),
        ("Taken without a field", &import["left_out"]),
    ];
    for (words, number) in lines {
        say(&format!("{words:<22} {:>9}", number.to_string()));
    }
    let none = Vec::new();
    for key in import["reachable"]["by_key"].as_array().unwrap_or(&none) {
        let public = key["public_key"].as_str().unwrap_or_default();
        let begin: String = public.chars().take(12).collect();
        say(&format!("  by the pair {begin}…  {}", key["subscriptions"]));
    }
    for name in ["first_refused", "first_left_out"] {
        for row in import[name].as_array().unwrap_or(&none).iter().take(PRINTED) {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            say(&format!(
                "row {}  {}  {} {}",
                row["row"],
                text("field"),
                text("message"),
                text("remedy")
            ));
        }
    }
    let ignored = import["ignored_columns"].as_array().unwrap_or(&none);
    if !ignored.is_empty() {
        let names: Vec<&str> = ignored.iter().filter_map(Value::as_str).collect();
        say(&format!("Columns that nothing here reads: {}", names.join(", ")));
    }
}
