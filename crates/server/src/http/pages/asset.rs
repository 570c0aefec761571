//! The dashboard's own style sheets, modules and mark, inside the binary.
//!
//! Left out: serving them (`http::assets` asks [`find`]) and the SDK. Invariant: an address carries a hash of its bytes, so that it
//! may be cached for ever.

use std::hash::{DefaultHasher, Hasher};
use std::sync::LazyLock;

/// One file as it is served.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Name under `/assets/`.
    pub(crate) name: &'static str,
    /// `Content-Type`.
    pub(crate) kind: &'static str,
    /// Its bytes.
    pub(crate) bytes: &'static [u8],
    /// Hash of the bytes, for address and `ETag`.
    pub(crate) version: String,
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal => $kind:expr),+ $(,)?) => {
        [$(($name, $kind, include_bytes!(concat!("../../../assets/dashboard/", $name)).as_slice())),+]
    };
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let files = files! {
        "tokens.css" => CSS,
        "dashboard.css" => CSS,
        "editor.css" => CSS,
        "report.css" => CSS,
        "tail.css" => CSS,
        "shell.js" => SCRIPT,
        "live.js" => SCRIPT,
        "import.js" => SCRIPT,
        "tail.js" => SCRIPT,
        "editor.js" => SCRIPT,
        "steps.js" => SCRIPT,
        "stage.js" => SCRIPT,
        "rows.js" => SCRIPT,
        "pictures.js" => SCRIPT,
        "push_buttons.js" => SCRIPT,
        "push_test.js" => SCRIPT,
        "prompts.js" => SCRIPT,
        "mark.svg" => "image/svg+xml",
    };
    // The SDK's own drawing, from its build.
    let looks = include_bytes!(concat!(env!("OUT_DIR"), "/looks.js")).as_slice();
    files
        .into_iter()
        .chain([("looks.js", SCRIPT, looks)])
        .map(|(name, kind, bytes)| {
            // Not a secret and not a signature: only a name that changes with the bytes.
            let mut hasher = DefaultHasher::new();
            hasher.write(bytes);
            Asset {
                name,
                kind,
                bytes,
                version: format!("{:016x}", hasher.finish()),
            }
        })
        .collect()
});

/// The file of that name.
pub(crate) fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// `/assets/<name>?v=<hash>`.
pub(crate) fn url(name: &str) -> String {
    let version = find(name).map_or("", |asset| asset.version.as_str());
    format!("/assets/{name}?v={version}")
}
