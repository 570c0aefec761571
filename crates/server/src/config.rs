//! Settings: documented defaults, then a file, then the environment, then flags.
//!
//! `defaults.toml` is the documentation and the default at once. Left out: settings of an account (they are data). Invariant: a
//! password in a database address never prints.

use crate::store::db::DatabaseUrl;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The defaults, as shipped.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// First parts of the paths that are not the owner's to choose.
const RESERVED: &[&str] = &[
    "api",
    "assets",
    "campaigns",
    "healthz",
    "media",
    "metrics",
    "overview",
    "readyz",
    "settings",
    "shop",
    "sign-in",
    "sign-out",
    "site",
    "theme",
];

/// All settings of a process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in defaults.toml")]
pub struct Config {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub database: Secret,
    pub public_url: String,
    pub trust_proxy: bool,
    pub paths: Paths,
    pub tls: Tls,
    pub push: Push,
    pub geo: Geo,
    pub retention: Retention,
    pub log: Log,
}

/// Where things are served.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in defaults.toml")]
pub struct Paths {
    pub sdk: String,
    pub workers: Vec<String>,
    pub takeover: Vec<String>,
    pub wire: String,
}

impl Paths {
    /// Where the parts lie that the SDK loads at need, `clevertap.more.js`, `clevertap.push.js`, `clevertap.why.js` and
    /// `clevertap.prompts.js`: in the SDK's own directory.
    pub fn parts(&self) -> [String; 4] {
        let directory = self.sdk.rsplit_once('/').map_or("", |(directory, _)| directory);
        ["more", "push", "why", "prompts"].map(|name| format!("{directory}/clevertap.{name}.js"))
    }
}

/// Certificate files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in defaults.toml")]
pub struct Tls {
    pub cert: String,
    pub key: String,
}

/// Sending.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in defaults.toml")]
pub struct Push {
    pub subject: String,
    pub hosts: Vec<String>,
    pub concurrency: usize,
}

/// Where visitors are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in defaults.toml")]
pub struct Geo {
    pub country_file: String,
}

/// How long data is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in defaults.toml")]
pub struct Retention {
    pub events_days: u32,
    pub operations_days: u32,
}

/// Logging.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in defaults.toml")]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "described in defaults.toml")]
pub enum LogFormat {
    Text,
    Json,
}

/// A text that prints as `***`.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(if self.0.is_empty() { "" } else { "***" })
    }
}

/// What the command line may set.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "described in defaults.toml")]
pub struct Flags {
    pub listen: Option<String>,
    pub data: Option<PathBuf>,
    pub database: Option<String>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
}

impl Config {
    /// Reads all four layers. `environment` are the process's variables.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &Flags,
    ) -> anyhow::Result<Self> {
        let mut settings: Table = DEFAULTS.parse().expect("the defaults are TOML");
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("the configuration {} cannot be read", path.display()))?;
            let own: Table = text
                .parse()
                .with_context(|| format!("{} is not TOML", path.display()))?;
            merge(&mut settings, own, "").with_context(|| format!("in {}", path.display()))?;
        }
        for (name, text) in environment {
            if let Some(path) = name.strip_prefix("CAMPANILE_") {
                // Test switches and the like carry the prefix too; only names that the defaults know are settings.
                set(&mut settings, &path.to_ascii_lowercase(), &text)
                    .with_context(|| format!("in the environment variable {name}"))?;
            }
        }
        let path = |value: &PathBuf| Value::String(value.display().to_string());
        for (section, name, value) in [
            ("", "listen", flags.listen.clone().map(Value::String)),
            ("", "data", flags.data.as_ref().map(path)),
            ("", "database", flags.database.clone().map(Value::String)),
            ("tls", "cert", flags.tls_cert.as_ref().map(path)),
            ("tls", "key", flags.tls_key.as_ref().map(path)),
        ] {
            let Some(value) = value else { continue };
            let table = if section.is_empty() {
                &mut settings
            } else {
                settings
                    .get_mut(section)
                    .and_then(Value::as_table_mut)
                    .expect("the defaults have the section")
            };
            table.insert(name.to_owned(), value);
        }
        let config: Self = read(Value::Table(settings))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        let parts = self.paths.parts();
        let mut paths: Vec<&str> = vec![&self.paths.sdk, &self.paths.wire];
        for more in [parts.as_slice(), &self.paths.workers, &self.paths.takeover] {
            paths.extend(more.iter().map(String::as_str));
        }
        for path in &paths {
            let good = path.starts_with('/')
                && path.len() > 1
                && path
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
            if !good {
                bail!("paths: “{path}” is not a path like /js/clevertap.min.js of letters, digits, / . _ -");
            }
        }
        for (index, path) in paths.iter().enumerate() {
            let first = path.split('/').nth(1).unwrap_or_default();
            if RESERVED.contains(&first) {
                bail!(
                    "paths: “{path}” belongs to the dashboard or the API; take another, for example /x{path}"
                );
            }
            if paths[..index].contains(path) {
                bail!("paths: “{path}” stands there twice; each needs a path of its own");
            }
        }
        if self.tls.cert.is_empty() != self.tls.key.is_empty() {
            bail!("tls: give both the certificate and the key, or neither");
        }
        if !self.public_url.is_empty() {
            campanile_core::account::Origin::parse(&self.public_url).map_err(|_| {
                anyhow::anyhow!(
                    "public_url: “{}” is not an origin like https://push.example.com",
                    self.public_url
                )
            })?;
        }
        if self.push.concurrency == 0 {
            bail!("push.concurrency: at least 1 message must be in flight");
        }
        Ok(())
    }

    /// Where the data is.
    pub fn database(&self) -> anyhow::Result<DatabaseUrl> {
        if self.database.0.is_empty() {
            return Ok(DatabaseUrl::folder(&self.data));
        }
        Ok(self.database.0.parse()?)
    }

    /// The public address without a trailing slash, if it is set.
    pub fn public_url(&self) -> Option<&str> {
        Some(self.public_url.trim_end_matches('/')).filter(|url| !url.is_empty())
    }
}

fn read(settings: Value) -> anyhow::Result<Config> {
    // Path and expectation only: an excerpt of the text could hold a secret.
    serde_path_to_error::deserialize(settings).map_err(
        |fault: serde_path_to_error::Error<toml::de::Error>| {
            anyhow::anyhow!("{}: {}", fault.path(), fault.inner().message())
        },
    )
}

fn merge(into: &mut Table, from: Table, path: &str) -> anyhow::Result<()> {
    for (name, value) in from {
        let here = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let Some(known) = into.get_mut(&name) else {
            bail!("“{here}” is not a setting; see `campanile serve --print-defaults`");
        };
        match (known, value) {
            (Value::Table(inner), Value::Table(own)) => merge(inner, own, &here)?,
            (slot, value) => *slot = value,
        }
    }
    Ok(())
}

fn set(settings: &mut Table, path: &str, text: &str) -> anyhow::Result<()> {
    let mut table = settings;
    let mut parts = path.split("__").peekable();
    while let Some(part) = parts.next() {
        let Some(slot) = table.get_mut(part) else {
            return Ok(());
        };
        if parts.peek().is_some() {
            let Some(inner) = slot.as_table_mut() else {
                return Ok(());
            };
            table = inner;
            continue;
        }
        *slot = match slot {
            Value::Integer(_) => Value::Integer(
                text.parse()
                    .with_context(|| format!("{part} takes a whole number"))?,
            ),
            Value::Boolean(_) => Value::Boolean(
                text.parse()
                    .with_context(|| format!("{part} takes true or false"))?,
            ),
            Value::Array(_) => Value::Array(
                text.split(',')
                    .map(|item| Value::String(item.trim().to_owned()))
                    .collect(),
            ),
            Value::Table(_) => bail!("{part} is a section; name a setting in it as {part}__NAME"),
            _ => Value::String(text.to_owned()),
        };
        return Ok(());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)], flags: &Flags) -> anyhow::Result<Config> {
        let folder =
            std::env::temp_dir().join(format!("campanile-config-{}-{}", std::process::id(), file.len()));
        std::fs::create_dir_all(&folder)?;
        let path = folder.join("campanile.toml");
        std::fs::write(&path, file)?;
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let loaded = Config::load(Some(&path), environment, flags);
        std::fs::remove_dir_all(&folder)?;
        loaded
    }

    #[test]
    fn the_parts_of_the_sdk_lie_beside_it() {
        let at = |sdk: &str| load(&format!("[paths]\nsdk = \"{sdk}\"\n"), &[], &Flags::default());
        let parts = |sdk: &str| at(sdk).expect("good").paths.parts();
        assert_eq!(
            parts("/own/a/c.js"),
            ["more", "push", "why", "prompts"].map(|name| format!("/own/a/clevertap.{name}.js"))
        );
        assert_eq!(parts("/c.js")[0], "/clevertap.more.js");
        let taken = at("/js/clevertap.more.js").expect_err("its own part would lie there");
        assert!(taken.to_string().contains("twice"), "{taken}");
    }

    #[test]
    fn later_layers_win() {
        let flags = Flags {
            listen: Some("127.0.0.1:3".into()),
            ..Flags::default()
        };
        let file =
            "listen = \"127.0.0.1:1\"\npublic_url = \"https://a.example.com\"\n[push]\nconcurrency = 7\n";
        let environment = [
            ("CAMPANILE_LISTEN", "127.0.0.1:2"),
            ("CAMPANILE_PUSH__HOSTS", "a.example.com, b.example.com"),
            ("PATH", "x"),
        ];
        let config = load(file, &environment, &flags).expect("good");
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.public_url(), Some("https://a.example.com"));
        assert_eq!((config.push.concurrency, config.push.hosts.len()), (7, 2));
        let config = load(file, &environment, &Flags::default()).expect("good");
        assert_eq!(config.listen.port(), 2);
    }

    #[test]
    fn mistakes_are_named() {
        let fault = |file: &str| format!("{:#}", load(file, &[], &Flags::default()).expect_err(file));
        assert!(fault("lsiten = \"x\"").contains("“lsiten” is not a setting"));
        assert!(fault("[push]\nsubjekt = \"x\"").contains("push.subjekt"));
        assert!(fault("[paths]\nwire = \"ring\"").contains("“ring”"));
        assert!(fault("[paths]\nwire = \"/api/x\"").contains("belongs to"));
        assert!(fault("[paths]\nwire = \"/sw_webpush.js\"").contains("twice"));
        assert!(fault("[tls]\ncert = \"a.pem\"").contains("both"));
        assert!(fault("public_url = \"https://a.example.com/path\"").contains("public_url"));
    }

    #[test]
    fn secrets_do_not_print() {
        let config = load(
            "database = \"postgres://user:hunter2@host/name\"",
            &[],
            &Flags::default(),
        )
        .expect("good");
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
