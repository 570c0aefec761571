//! Follows the literal text of an address, to know whether a value in it could choose the scheme or the host.
//!
//! Left out: values, which `place.rs` checks and encodes. Invariant: once an output stood in an address, neither literal
//! text nor values can make it one that runs a script.

use super::place::Place;

/// How far an address has been read.
#[derive(Debug, Clone, PartialEq)]
enum Reach {
    /// Nothing yet.
    Start,
    /// Only literal text, which may turn out to be a scheme.
    Lead(String),
    /// With an output, and without a sign that ends all thought of a scheme.
    Loose,
    /// A harmless scheme, or a path.
    Decided,
    /// Branches that disagree on whether anything stands here.
    Mixed,
    /// A scheme that can run something, or one that cannot be read.
    Forbidden(String),
}

/// The state of an address.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Address {
    reach: Reach,
    /// Stands in HTML.
    markup: bool,
    /// What is loaded from here runs as the page's own. The literal text so far: it has to say whose it is.
    code: Option<String>,
}

/// Schemes after which a value can do no harm.
const HARMLESS: &[&str] = &["http", "https", "mailto", "tel"];

/// Literal text that is looked at.
const MAX_LEAD: usize = 512;

impl Address {
    /// An address of which nothing was read.
    pub(super) fn new(markup: bool, loads_code: bool) -> Self {
        Self {
            reach: Reach::Start,
            markup,
            code: loads_code.then(String::new),
        }
    }

    /// One character of literal text.
    pub(super) fn feed(&mut self, character: char) -> Result<(), &'static str> {
        if let Some(code) = &mut self.code
            && code.len() < MAX_LEAD
        {
            code.push(character);
        }
        // Browsers drop these before they look at the scheme.
        let is_dropped = character.is_ascii_control();
        let ends = matches!(character, '/' | '?' | '#' | '\\');
        self.reach = match std::mem::replace(&mut self.reach, Reach::Start) {
            Reach::Start if is_dropped || character == ' ' => Reach::Start,
            Reach::Start | Reach::Lead(_) | Reach::Mixed | Reach::Loose if ends => Reach::Decided,
            Reach::Start | Reach::Mixed if character == ':' => Reach::Forbidden(String::new()),
            Reach::Start => Reach::Lead(character.to_ascii_lowercase().to_string()),
            Reach::Lead(lead) if character == ':' && HARMLESS.contains(&lead.as_str()) => Reach::Decided,
            Reach::Lead(lead) if character == ':' => Reach::Forbidden(lead),
            Reach::Lead(lead) if is_dropped || lead.len() >= MAX_LEAD => Reach::Lead(lead),
            Reach::Lead(mut lead) => {
                lead.push(character.to_ascii_lowercase());
                Reach::Lead(lead)
            }
            Reach::Loose if character == ':' => {
                return Err(
                    "a colon follows a value that begins an address, so the value could choose the scheme: put the whole beginning into the value, or write https:// yourself",
                );
            }
            Reach::Mixed if is_dropped || character == ' ' => Reach::Mixed,
            Reach::Mixed | Reach::Loose => Reach::Loose,
            settled @ (Reach::Decided | Reach::Forbidden(_)) => settled,
        };
        Ok(())
    }

    /// A character reference that is not read here.
    pub(super) fn obscure(&mut self) {
        if self.reach != Reach::Decided {
            self.reach = Reach::Forbidden("&".to_owned());
        }
        if let Some(code) = &mut self.code {
            code.push('&');
        }
    }

    /// An output stands here.
    pub(super) fn output(&mut self) -> Result<Place, String> {
        if let Some(code) = self.code.take()
            && !names_its_host(&code)
        {
            return Err(
                "what this address loads runs as a part of the page, so no value may choose where it comes from: write its beginning, up to the first slash after the host, yourself"
                    .to_owned(),
            );
        }
        let place = match &self.reach {
            Reach::Start => Place::AddressStart { markup: self.markup },
            Reach::Lead(_) | Reach::Loose => Place::AddressPart,
            Reach::Decided => return Ok(Place::AddressPart),
            Reach::Mixed => {
                return Err(
                    "the branches before this value disagree on whether it begins the address: write the beginning of the address after them"
                        .to_owned(),
                );
            }
            Reach::Forbidden(scheme) if scheme == "&" => {
                return Err(
                    "the beginning of this address holds a character reference: write the characters themselves, and & as &amp;"
                        .to_owned(),
                );
            }
            Reach::Forbidden(scheme) => {
                let scheme: String = scheme.chars().take(40).collect();
                return Err(format!(
                    "an address that begins with “{scheme}:” cannot hold values: begin it with https://, http://, mailto:, tel:, / or #"
                ));
            }
        };
        self.reach = Reach::Loose;
        Ok(place)
    }

    /// What is known where two branches meet.
    pub(super) fn join(self, other: Self) -> Self {
        let reach = match (self.reach, other.reach) {
            (left, right) if left == right => left,
            (Reach::Forbidden(scheme), _) | (_, Reach::Forbidden(scheme)) => Reach::Forbidden(scheme),
            (Reach::Start | Reach::Mixed, _) | (_, Reach::Start | Reach::Mixed) => Reach::Mixed,
            _ => Reach::Loose,
        };
        let code = match (self.code, other.code) {
            (None, other) | (other, None) => other,
            (Some(left), Some(right)) => {
                let both = names_its_host(&left) && names_its_host(&right);
                Some(if both || left == right {
                    left
                } else {
                    "&".to_owned()
                })
            }
        };
        Self {
            reach,
            markup: self.markup,
            code,
        }
    }
}

/// Whether literal text at the beginning of an address leaves no choice of the host.
fn names_its_host(lead: &str) -> bool {
    let lead = lead.trim_start().to_ascii_lowercase();
    if lead.contains('\\') || lead.contains('&') || lead.chars().any(|c| c.is_ascii_control()) {
        return false;
    }
    let after_scheme = ["https://", "http://", "//"]
        .iter()
        .find_map(|scheme| lead.strip_prefix(scheme));
    match after_scheme {
        Some(rest) => rest.find(['/', '?', '#']).is_some_and(|host| host > 0),
        None => match (lead.find(['/', '?', '#']), lead.find(':')) {
            (Some(path), Some(colon)) => path < colon,
            (path, _) => path.is_some(),
        },
    }
}
