//! Where the data is: a folder (SQLite) or a PostgreSQL server.
//!
//! Left out on purpose: connecting. This only parses, so that a wrong address is told before anything is opened.
//!
//! Invariant: a password that comes in never comes out: not by `Debug`, not by `Display`, not in an error.

use super::Engine;
use super::error::DbError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tokio_postgres::config::SslMode;
use url::Url;

/// How a connection to PostgreSQL is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Tls {
    /// `sslmode=disable`.
    Off,
    /// `sslmode=prefer`, the default: TLS if the server offers it, its certificate not checked (as libpq does).
    Opportunistic,
    /// `sslmode=require` or stricter: TLS with a certificate that leads to a public authority, or to `sslrootcert`.
    Verified { root: Option<PathBuf> },
}

#[derive(Clone)]
pub(in crate::store) enum Kind {
    Folder(PathBuf),
    Postgres {
        config: Box<tokio_postgres::Config>,
        tls: Tls,
        shown: String,
    },
}

/// A parsed database address: `postgres://user:password@host/name?sslmode=…`, `sqlite:FOLDER`, or a folder's path.
#[derive(Clone)]
pub struct DatabaseUrl(pub(in crate::store) Kind);

impl DatabaseUrl {
    /// SQLite in this folder.
    pub fn folder(path: impl Into<PathBuf>) -> DatabaseUrl {
        DatabaseUrl(Kind::Folder(path.into()))
    }

    /// Which engine serves it.
    pub fn engine(&self) -> Engine {
        match self.0 {
            Kind::Folder(_) => Engine::Sqlite,
            Kind::Postgres { .. } => Engine::Postgres,
        }
    }

    /// The folder, for SQLite.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Kind::Folder(path) => Some(path),
            Kind::Postgres { .. } => None,
        }
    }

    fn postgres(text: &str) -> Result<DatabaseUrl, DbError> {
        // The sources of these errors may quote parts of the address, and so of a password that was not escaped.
        let unreadable = || {
            DbError::Address(
                "not a PostgreSQL address that can be understood; it is \
                 postgres://user:password@host:port/name?sslmode=require, special characters written as %XX"
                    .to_owned(),
            )
        };
        let mut url = Url::parse(text).map_err(|_| unreadable())?;
        let mut tls = Tls::Opportunistic;
        let mut root = None;
        let mut kept = Vec::new();
        for (key, value) in url.query_pairs() {
            match (key.as_ref(), value.as_ref()) {
                ("sslmode", "disable") => tls = Tls::Off,
                ("sslmode", "allow" | "prefer") => tls = Tls::Opportunistic,
                ("sslmode", "require" | "verify-ca" | "verify-full") => tls = Tls::Verified { root: None },
                ("sslmode", _) => {
                    return Err(DbError::Address(
                        "sslmode is one of disable, prefer, require, verify-full".to_owned(),
                    ));
                }
                ("sslrootcert", path) => root = Some(PathBuf::from(path)),
                (key, value) => kept.push((key.to_owned(), value.to_owned())),
            }
        }
        if root.is_some() {
            if tls == Tls::Off {
                return Err(DbError::Address(
                    "sslrootcert makes no sense with sslmode=disable".to_owned(),
                ));
            }
            tls = Tls::Verified { root };
        }
        url.set_query(None);
        if !kept.is_empty() {
            // Percent-encoding, not form encoding: PostgreSQL's parser keeps a plus sign.
            let pairs: Vec<String> = kept
                .iter()
                .map(|(key, value)| format!("{}={}", escape(key), escape(value)))
                .collect();
            url.set_query(Some(&pairs.join("&")));
        }
        let mut config = tokio_postgres::Config::from_str(url.as_str()).map_err(|_| unreadable())?;
        if config.get_hosts().is_empty() {
            return Err(DbError::Address(
                "the PostgreSQL address names no host".to_owned(),
            ));
        }
        config.ssl_mode(match tls {
            Tls::Off => SslMode::Disable,
            Tls::Opportunistic => SslMode::Prefer,
            Tls::Verified { .. } => SslMode::Require,
        });
        if config.get_application_name().is_none() {
            config.application_name("campanile");
        }
        // "relation exists already" is how a start looks that had nothing to do: no news.
        let options = config
            .get_options()
            .map_or_else(String::new, |given| format!("{given} "));
        config.options(format!("{options}-c client_min_messages=warning"));
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(std::time::Duration::from_secs(10));
        }
        let shown = format!(
            "postgres://{}{}{}{}",
            url.username(),
            if url.username().is_empty() { "" } else { "@" },
            url.host_str().unwrap_or_default(),
            url.path()
        );
        Ok(DatabaseUrl(Kind::Postgres {
            config: Box::new(config),
            tls,
            shown,
        }))
    }
}

fn escape(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("writing to a string cannot fail");
        }
        escaped
    })
}

impl FromStr for DatabaseUrl {
    type Err = DbError;

    fn from_str(text: &str) -> Result<DatabaseUrl, DbError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return DatabaseUrl::postgres(text);
        }
        let path = text
            .strip_prefix("sqlite://")
            .or_else(|| text.strip_prefix("sqlite:"))
            .unwrap_or(text);
        if path.is_empty() {
            return Err(DbError::Address(
                "empty; give a folder or a postgres:// address".to_owned(),
            ));
        }
        if path.contains("://") {
            return Err(DbError::Address(
                "only postgres:// and sqlite: addresses are known".to_owned(),
            ));
        }
        Ok(DatabaseUrl::folder(path))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Folder(path) => write!(formatter, "sqlite:{}", path.display()),
            Kind::Postgres { shown, .. } => formatter.write_str(shown),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;

    #[test]
    fn passwords_never_come_out() {
        for text in [
            "postgres://bell:s3cret@db.example.com/campanile",
            "postgres://bell:s3cret@db.example.com/campanile?sslmode=maybe",
            "postgres://bell:s3?cret@db.example.com/campanile",
            "postgres://bell:s3/cret@db.example.com:x/campanile",
            "postgres://bell@db.example.com/campanile?password=s3cret",
            "postgres://bell@db.example.com/campanile?pasword=s3cret",
            "mysql://bell:s3cret@db.example.com/campanile",
        ] {
            let shown = match text.parse::<DatabaseUrl>() {
                Ok(url) => format!("{url} {url:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains("s3") && !shown.contains("cret"), "{shown}");
        }
    }

    #[test]
    fn a_path_is_a_folder() {
        for text in [
            "/var/lib/campanile",
            "sqlite:/var/lib/campanile",
            "sqlite:///var/lib/campanile",
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.path(), Some(std::path::Path::new("/var/lib/campanile")));
        }
    }
}
