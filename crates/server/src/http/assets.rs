//! Files that are inside the binary: SDK, its parts, worker, snippet, the dashboard's style sheets and modules.
//!
//! Left out: the shop's files. Invariant: SDK, parts and worker are compressed once, as small as brotli can, when they are first asked for;
//! a browser asks again after ten minutes and is told 304 unless they changed.

use super::pages::asset;
use crate::app::App;
use crate::secret;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use std::io::Write as _;
use std::sync::OnceLock;

const PAGE_SDK: &str = include_str!(concat!(env!("OUT_DIR"), "/clevertap.min.js"));
const PUSH: &str = include_str!(concat!(env!("OUT_DIR"), "/clevertap.push.js"));
const MORE: &str = include_str!(concat!(env!("OUT_DIR"), "/clevertap.more.js"));
const WHY: &str = include_str!(concat!(env!("OUT_DIR"), "/clevertap.why.js"));
const PROMPTS: &str = include_str!(concat!(env!("OUT_DIR"), "/clevertap.prompts.js"));
pub(super) const WORKER: &str = include_str!(concat!(env!("OUT_DIR"), "/sw_webpush.js"));
const SNIPPET: &str = include_str!(concat!(env!("OUT_DIR"), "/snippet.html"));
pub(super) const ENDPOINT_MARK: &str = "%CAMPANILE_ENDPOINT%";
pub(super) const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");

/// SDK and worker as this server gives them out.
#[derive(Debug)]
pub struct Scripts {
    page: Script,
    more: Script,
    push: Script,
    why: Script,
    prompts: Script,
    worker: Script,
}

#[derive(Debug)]
struct Script {
    plain: Vec<u8>,
    brotli: OnceLock<Vec<u8>>,
    tag: String,
}

impl Scripts {
    /// Writes the wire's path into them, and the server's whole address into the worker where it is known: imported into a worker on the
    /// owner's site, a path would lead there. `None` when the SDK was not built.
    pub fn new(wire: &str, public_url: Option<&str>) -> Option<Self> {
        if [PAGE_SDK, MORE, PUSH, WHY, PROMPTS, WORKER, SNIPPET].contains(&"") {
            return None;
        }
        Some(Self {
            page: Script::new(PAGE_SDK, wire),
            more: Script::new(MORE, wire),
            push: Script::new(PUSH, wire),
            why: Script::new(WHY, wire),
            prompts: Script::new(PROMPTS, wire),
            worker: Script::new(WORKER, &format!("{}{wire}", public_url.unwrap_or_default())),
        })
    }
}

impl Script {
    fn new(text: &str, wire: &str) -> Self {
        let plain = text.replace(ENDPOINT_MARK, wire).into_bytes();
        let tag = format!("\"{}\"", &secret::hex(&secret::sha256(&plain))[..20]);
        Self {
            plain,
            brotli: OnceLock::new(),
            tag,
        }
    }

    /// The budget of a page counts at this quality. It takes a tenth of a second, which starting does not wait for.
    fn compressed(&self) -> &[u8] {
        self.brotli.get_or_init(|| {
            let mut brotli = Vec::new();
            let mut writer = brotli::CompressorWriter::new(&mut brotli, 4096, 11, 20);
            writer
                .write_all(&self.plain)
                .expect("writing to memory cannot fail");
            drop(writer);
            brotli
        })
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let text = |name: HeaderName| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        // A compressed body is another representation, but it stands and falls with the plain one.
        if text(header::IF_NONE_MATCH).contains(self.tag.trim_matches('"')) {
            return with_headers(StatusCode::NOT_MODIFIED.into_response(), &self.tag);
        }
        let takes_brotli = text(header::ACCEPT_ENCODING)
            .split(',')
            .any(|coding| coding.trim() == "br");
        let mut response = if takes_brotli {
            self.compressed().to_vec()
        } else {
            self.plain.clone()
        }
        .into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, SCRIPT);
        if takes_brotli {
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        with_headers(response, &self.tag)
    }
}

fn with_headers(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ETAG, HeaderValue::try_from(tag).expect("a tag is hex"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=600"),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    response
}

pub(super) fn not_built() -> Response {
    let words = "// The SDK was not built into this binary. Run `npm ci && npm run build` in sdk/ and build the binary again.\n";
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::CONTENT_TYPE, SCRIPT)],
        words,
    )
        .into_response()
}

/// The page SDK.
pub async fn page_sdk(State(app): State<App>, headers: HeaderMap) -> Response {
    app.scripts
        .as_ref()
        .map_or_else(not_built, |scripts| scripts.page.answer(&headers))
}

/// What pop-ups with fields and signs need.
pub async fn more(State(app): State<App>, headers: HeaderMap) -> Response {
    app.scripts
        .as_ref()
        .map_or_else(not_built, |scripts| scripts.more.answer(&headers))
}

/// What asking for push and a subscriber's visit need.
pub async fn push(State(app): State<App>, headers: HeaderMap) -> Response {
    app.scripts
        .as_ref()
        .map_or_else(not_built, |scripts| scripts.push.answer(&headers))
}

/// The overlay that says why messages are shown or not.
pub async fn why(State(app): State<App>, headers: HeaderMap) -> Response {
    app.scripts
        .as_ref()
        .map_or_else(not_built, |scripts| scripts.why.answer(&headers))
}

/// How else than by the documented dialog a visitor is asked, and where they change their mind.
pub async fn prompts(State(app): State<App>, headers: HeaderMap) -> Response {
    app.scripts
        .as_ref()
        .map_or_else(not_built, |scripts| scripts.prompts.answer(&headers))
}

/// The service worker. It may control the whole origin wherever it lies.
pub(super) fn worker(app: &App, headers: &HeaderMap) -> Response {
    let Some(scripts) = &app.scripts else {
        return not_built();
    };
    let mut response = scripts.worker.answer(headers);
    let headers = response.headers_mut();
    headers.insert(
        HeaderName::from_static("service-worker-allowed"),
        HeaderValue::from_static("/"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The text that an owner pastes into the head of every page. With a nonce, for a page under a strict policy.
pub fn snippet(app: &App, base: &str, account: &str, nonce: Option<&str>) -> String {
    let text = SNIPPET
        .trim()
        .replace("%ACCOUNT%", account)
        .replace("%BASE%", base);
    let text = text.replace("/js/clevertap.min.js", &app.config.paths.sdk);
    match nonce {
        Some(nonce) => text.replace("<script", &format!("<script nonce=\"{nonce}\"")),
        None => text,
    }
}

/// A file of the dashboard. Its address carries its hash, so it is kept for a year.
pub async fn dashboard(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(file) = asset::find(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", file.version);
    let same = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.bytes.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    headers.insert(header::ETAG, HeaderValue::try_from(tag).expect("a tag is hex"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}
