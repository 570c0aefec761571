//! Addresses and names that a click may lead to: what an owner may write, and the sentence where it will not do.
//!
//! Left out: resolving and opening. Invariant: what passes never runs as script.

use url::Url;

/// Whether `text` is an absolute http(s) address; if not, a sentence that says why.
pub fn absolute_url(text: &str) -> Result<(), String> {
    if text.len() > 2048 {
        return Err("The address is longer than 2048 bytes.".to_owned());
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => Ok(()),
        Ok(url) => Err(not_an_address(url.scheme(), text)),
        Err(_) => Err(format!(
            "“{}” is not a web address. Write it whole, like https://shop.example.com/basket.",
            short(text)
        )),
    }
}

/// As [`absolute_url`], but a path of the site (`/basket`) will do.
pub fn site_url(text: &str) -> Result<(), String> {
    if text.starts_with('/') && !text.starts_with("//") && !text.contains('\\') && text.len() <= 2048 {
        return Ok(());
    }
    absolute_url(text)
}

fn not_an_address(scheme: &str, text: &str) -> String {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let near_miss = scheme.starts_with('h') && !rest.is_empty();
    if near_miss {
        format!(
            "“{scheme}” is not a web address. Did you mean https://{}?",
            short(rest)
        )
    } else {
        format!("“{scheme}:” cannot be opened. Use an address that begins with https://.")
    }
}

fn short(text: &str) -> String {
    let mut cut: String = text.chars().take(80).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// Whether `name` is a function's name, with its path under `window`.
pub(super) fn is_function_name(name: &str) -> bool {
    let word = |part: &str| {
        part.chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
    };
    name.len() <= 120 && name.split('.').all(word)
}
