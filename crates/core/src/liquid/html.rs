//! A small HTML tokenizer: what the literal text says about where the next character stands.
//!
//! It follows the states of the HTML standard (13.2.5) as far as they decide about escaping. Left out: the tree, and what
//! is wrong without mattering here. Invariant: where a browser could read the text in two ways, an output is refused.

use super::address::Address;
use super::place::Place;
use super::script::Script;

/// Where the next character stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    /// Open `svg` and `math`: in them script and style are read by other rules.
    foreign: u32,
    at: At,
}

/// The name of a tag, and whether it is an end tag.
#[derive(Debug, Clone, PartialEq)]
struct Tag {
    name: String,
    end: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum At {
    /// The whole template is one address.
    Address(Address),
    Text,
    /// After `<`.
    TagOpen,
    /// After `</`.
    EndTagOpen,
    /// After `<!`, with a dash or not.
    Declaration {
        dash: bool,
    },
    /// `<!doctype …>`, `<?…>` and the like, up to `>`.
    Bogus,
    Comment {
        dashes: u32,
        bang: bool,
    },
    TagName(Tag),
    /// Between attributes; right after a slash or not.
    InTag {
        tag: Tag,
        slash: bool,
    },
    /// Between attributes, or in a name: only what ends a name may follow.
    TagEdge(Tag),
    AttributeName {
        tag: Tag,
        name: String,
    },
    AfterName {
        tag: Tag,
        name: String,
    },
    BeforeValue {
        tag: Tag,
        name: String,
    },
    Unquoted(Tag),
    Quoted {
        tag: Tag,
        quote: char,
        value: Kind,
    },
    /// Text that only its own end tag ends.
    Raw {
        raw: Raw,
        tail: String,
        bang: usize,
    },
}

/// What an attribute's value is.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Plain,
    Address(Address),
    Script(Script),
    Style,
    Refused(&'static str),
}

/// Elements whose content is no markup.
#[derive(Debug, Clone, PartialEq)]
enum Raw {
    Script(Script),
    Style,
    /// `textarea` and `title`: text with character references.
    Text(&'static str),
    /// Text in which nothing can be escaped.
    Opaque(&'static str),
}

impl Raw {
    fn of(tag: &str) -> Option<Self> {
        Some(match tag {
            "script" => Self::Script(Script::new()),
            "style" => Self::Style,
            "textarea" => Self::Text("textarea"),
            "title" => Self::Text("title"),
            "xmp" => Self::Opaque("xmp"),
            "iframe" => Self::Opaque("iframe"),
            "noembed" => Self::Opaque("noembed"),
            "noframes" => Self::Opaque("noframes"),
            "plaintext" => Self::Opaque("plaintext"),
            _ => return None,
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Script(_) => "script",
            Self::Style => "style",
            Self::Text(name) | Self::Opaque(name) => name,
        }
    }
}

/// Longest name that is looked at; longer ones mean nothing to a browser.
const MAX_NAME: usize = 64;

/// So many open drawings are told apart.
const MAX_FOREIGN: u32 = 8;

/// Attributes that hold an address.
const ADDRESSES: &[&str] = &[
    "action",
    "archive",
    "background",
    "base",
    "cite",
    "classid",
    "codebase",
    "data",
    "dynsrc",
    "formaction",
    "href",
    "icon",
    "imagesrcset",
    "longdesc",
    "lowsrc",
    "manifest",
    "ping",
    "poster",
    "src",
    "srcset",
    "usemap",
];

/// What the value of `attribute` is on an element.
fn kind(tag: &str, attribute: &str) -> Kind {
    if attribute.starts_with("on") && attribute.len() > 2 {
        return Kind::Script(Script::new());
    }
    let is_animation = matches!(tag, "animate" | "animatemotion" | "animatetransform" | "set");
    let local = attribute.rsplit(':').next().unwrap_or(attribute);
    match attribute {
        "style" => return Kind::Style,
        "srcdoc" => {
            return Kind::Refused(
                "srcdoc holds a whole document, in which a value cannot be escaped: load it from an address",
            );
        }
        "content" | "http-equiv" if tag == "meta" => {
            return Kind::Refused(
                "a meta tag can send the page away, so no value stands in it: write it out",
            );
        }
        "values" | "to" | "from" | "by" | "attributename" if is_animation => {
            return Kind::Refused("an animation can change a link, so no value stands in it: write it out");
        }
        _ => {}
    }
    if attribute.starts_with(['@', ':']) || ["v-", "x-", "ng-"].iter().any(|with| attribute.starts_with(with))
    {
        return Kind::Refused(
            "frameworks run this attribute as code, so no value stands in it: put the value into a data- attribute",
        );
    }
    if !ADDRESSES.contains(&local) {
        return Kind::Plain;
    }
    let loads_code = matches!(
        (tag, local),
        ("script" | "iframe" | "frame" | "embed", "src")
            | ("script" | "link" | "base" | "use", "href")
            | ("object" | "applet", "data" | "codebase" | "classid" | "archive")
    );
    Kind::Address(Address::new(true, loads_code))
}

/// Said where an output stands in a tag's or an attribute's name.
const NOT_A_NAME: &str = "a value cannot be the name of a tag or of an attribute: write the name, and put the value into quotes after it";
/// Said where an attribute's value has no quotes.
const NO_QUOTES: &str = "this attribute's value is not in quotes: write name=\"{{ … }}\"";

impl State {
    /// The beginning of a document.
    pub(super) fn document() -> Self {
        Self {
            foreign: 0,
            at: At::Text,
        }
    }

    /// The beginning of an address.
    pub(super) fn address() -> Self {
        Self {
            foreign: 0,
            at: At::Address(Address::new(false, false)),
        }
    }

    /// Literal text; where it goes wrong, the byte of it and why.
    pub(super) fn feed(&mut self, text: &str) -> Result<(), (usize, &'static str)> {
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let at = text.len() - rest.len();
            let mut length = character.len_utf8();
            if character == '&'
                && let At::Quoted { value, .. } = &mut self.at
                && matches!(value, Kind::Address(_) | Kind::Script(_))
            {
                // Browsers read references before they look at the address or the script.
                let (decoded, taken) = reference(rest);
                length = taken;
                match decoded {
                    Some(decoded) => value.feed(decoded).map_err(|message| (at, message))?,
                    None => value.obscure(),
                }
            } else {
                self.character(character).map_err(|message| (at, message))?;
            }
            rest = &rest[length..];
        }
        Ok(())
    }

    fn character(&mut self, c: char) -> Result<(), &'static str> {
        let is_space = matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}');
        let lower = c.to_ascii_lowercase();
        let next = match std::mem::replace(&mut self.at, At::Text) {
            At::Address(mut address) => {
                address.feed(c)?;
                At::Address(address)
            }
            At::Text => text_or_tag(c),
            At::TagOpen => match c {
                '!' => At::Declaration { dash: false },
                '/' => At::EndTagOpen,
                '?' => At::Bogus,
                _ if c.is_ascii_alphabetic() => At::TagName(Tag {
                    name: lower.to_string(),
                    end: false,
                }),
                _ => text_or_tag(c),
            },
            At::EndTagOpen => match c {
                '>' => At::Text,
                _ if c.is_ascii_alphabetic() => At::TagName(Tag {
                    name: lower.to_string(),
                    end: true,
                }),
                _ => At::Bogus,
            },
            At::Declaration { dash: true } if c == '-' => At::Comment {
                dashes: 2,
                bang: false,
            },
            At::Declaration { dash: false } if c == '-' => At::Declaration { dash: true },
            At::Declaration { dash: false } if c == '[' && self.foreign > 0 => {
                return Err("a CDATA section cannot be followed here: write its text with &lt; and &amp;");
            }
            At::Declaration { .. } | At::Bogus => {
                if c == '>' {
                    At::Text
                } else {
                    At::Bogus
                }
            }
            At::Comment { dashes, bang } => match c {
                '>' if dashes >= 2 || bang => At::Text,
                '-' => At::Comment {
                    dashes: if bang { 1 } else { (dashes + 1).min(2) },
                    bang: false,
                },
                _ => At::Comment {
                    dashes: 0,
                    bang: c == '!' && dashes >= 2,
                },
            },
            At::TagName(mut tag) => {
                if is_space || c == '/' {
                    At::InTag { tag, slash: c == '/' }
                } else if c == '>' {
                    self.tag_ends(&tag, false)
                } else {
                    push(&mut tag.name, lower);
                    At::TagName(tag)
                }
            }
            At::TagEdge(tag) => match c {
                '>' => self.tag_ends(&tag, false),
                _ if is_space || c == '/' => At::InTag { tag, slash: c == '/' },
                _ => {
                    return Err(
                        "this would join the name before the tag above in one case and not in the other: put a space before it",
                    );
                }
            },
            At::InTag { tag, slash } => self.in_tag(tag, slash, c)?,
            At::AttributeName { tag, mut name } => match c {
                '=' => At::BeforeValue { tag, name },
                '>' => self.tag_ends(&tag, false),
                '/' => At::InTag { tag, slash: true },
                _ if is_space => At::AfterName { tag, name },
                _ => {
                    push(&mut name, lower);
                    At::AttributeName { tag, name }
                }
            },
            At::AfterName { tag, name } => match c {
                '=' => At::BeforeValue { tag, name },
                _ if is_space => At::AfterName { tag, name },
                _ => self.in_tag(tag, false, c)?,
            },
            At::BeforeValue { tag, name } => match c {
                '"' | '\'' => At::Quoted {
                    value: kind(&tag.name, &name),
                    tag,
                    quote: c,
                },
                '>' => self.tag_ends(&tag, false),
                _ if is_space => At::BeforeValue { tag, name },
                _ => At::Unquoted(tag),
            },
            At::Unquoted(tag) => match c {
                '>' => self.tag_ends(&tag, false),
                _ if is_space => At::InTag { tag, slash: false },
                _ => At::Unquoted(tag),
            },
            At::Quoted { tag, quote, .. } if c == quote => At::InTag { tag, slash: false },
            At::Quoted {
                tag,
                quote,
                mut value,
            } => {
                value.feed(c)?;
                At::Quoted { tag, quote, value }
            }
            At::Raw { raw, tail, bang } => self.raw(raw, tail, bang, c)?,
        };
        self.at = next;
        Ok(())
    }

    fn in_tag(&mut self, tag: Tag, slash: bool, c: char) -> Result<At, &'static str> {
        Ok(match c {
            '>' => self.tag_ends(&tag, slash),
            '/' => At::InTag { tag, slash: true },
            ' ' | '\t' | '\n' | '\r' | '\u{c}' => At::InTag { tag, slash: false },
            '=' => return Err("an equals sign has no attribute before it: write the attribute's name"),
            _ => At::AttributeName {
                tag,
                name: c.to_ascii_lowercase().to_string(),
            },
        })
    }

    /// What follows a tag's `>`.
    fn tag_ends(&mut self, tag: &Tag, closed: bool) -> At {
        if matches!(tag.name.as_str(), "svg" | "math") {
            if tag.end {
                self.foreign = self.foreign.saturating_sub(1);
            } else if !closed {
                // A loop that opens one each time comes to rest here.
                self.foreign = (self.foreign + 1).min(MAX_FOREIGN);
            }
        }
        let is_empty = closed && self.foreign > 0;
        match Raw::of(&tag.name).filter(|_| !tag.end && !is_empty) {
            Some(raw) => At::Raw {
                raw,
                tail: String::new(),
                bang: 0,
            },
            None => At::Text,
        }
    }

    fn raw(&mut self, mut raw: Raw, mut tail: String, mut bang: usize, c: char) -> Result<At, &'static str> {
        let name = raw.name();
        let is_space = matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}');
        if tail.len() == name.len() + 2 && (is_space || c == '/' || c == '>') && name != "plaintext" {
            let tag = Tag {
                name: name.to_owned(),
                end: true,
            };
            return Ok(if c == '>' {
                self.tag_ends(&tag, false)
            } else {
                At::InTag { tag, slash: c == '/' }
            });
        }
        let expected = match tail.len() {
            0 => Some('<'),
            1 => Some('/'),
            more => name[more - 2..].chars().next(),
        };
        if expected == Some(c.to_ascii_lowercase()) {
            tail.push(c);
        } else {
            tail.clear();
            tail.push_str(if c == '<' { "<" } else { "" });
        }
        if let Raw::Script(script) = &mut raw {
            let is_next = "<!--".chars().nth(bang) == Some(c);
            bang = if is_next { bang + 1 } else { usize::from(c == '<') };
            if bang == 4 {
                return Err("<!-- changes where a script ends: take it out of the script");
            }
            script.feed(c);
        }
        Ok(At::Raw { raw, tail, bang })
    }

    /// An output stands here: how it is escaped, or why it cannot stand here.
    pub(super) fn output(&mut self) -> Result<Place, String> {
        let foreign = self.foreign > 0;
        match &mut self.at {
            At::Address(address) => address.output(),
            At::Text => Ok(Place::Markup),
            At::TagOpen | At::EndTagOpen | At::Declaration { .. } => {
                Err("“<” stands right before this value: write &lt; for the character itself".to_owned())
            }
            At::Bogus => Err("a value cannot stand in a declaration: write it out".to_owned()),
            At::Comment { .. } => Err(
                "a value cannot stand in an HTML comment, where it cannot be escaped: take it out, or use {% comment %}"
                    .to_owned(),
            ),
            At::TagName(_)
            | At::InTag { .. }
            | At::TagEdge(_)
            | At::AttributeName { .. }
            | At::AfterName { .. } => Err(NOT_A_NAME.to_owned()),
            At::BeforeValue { .. } | At::Unquoted(_) => Err(NO_QUOTES.to_owned()),
            At::Quoted { value, .. } => match value {
                Kind::Plain => Ok(Place::Markup),
                Kind::Address(address) => address.output(),
                Kind::Script(script) => script.output(true).map_err(str::to_owned),
                Kind::Style => Ok(Place::Style),
                Kind::Refused(message) => Err((*message).to_owned()),
            },
            At::Raw { tail, bang, .. } if !tail.is_empty() || *bang > 0 => {
                Err("“<” stands before this value and could begin an end tag: put a space after it".to_owned())
            }
            At::Raw { raw, .. } => match raw {
                Raw::Script(_) | Raw::Style if foreign => Err(format!(
                    "a value cannot stand in a {} inside of svg or math: move that out of the drawing",
                    raw.name()
                )),
                Raw::Script(script) => script.output(false).map_err(str::to_owned),
                Raw::Style => Ok(Place::Style),
                Raw::Text(_) => Ok(Place::Markup),
                Raw::Opaque(name) => Err(format!(
                    "a value cannot stand inside of <{name}>, where it cannot be escaped: use another element"
                )),
            },
        }
    }

    /// What is known where two branches meet; nothing if they leave the text at different places.
    pub(super) fn join(self, other: Self) -> Option<Self> {
        if self == other {
            return Some(self);
        }
        let foreign = self.foreign.max(other.foreign);
        let at = match (self.at, other.at) {
            (left, right) if left == right => left,
            (At::Address(left), At::Address(right)) => At::Address(left.join(right)),
            (At::Comment { .. }, At::Comment { .. }) => At::Comment {
                dashes: 0,
                bang: false,
            },
            (
                At::Quoted { tag, quote, value },
                At::Quoted {
                    tag: tag2,
                    quote: quote2,
                    value: value2,
                },
            ) if tag == tag2 && quote == quote2 => At::Quoted {
                tag,
                quote,
                value: value.join(value2)?,
            },
            (
                At::Raw {
                    raw: Raw::Script(left),
                    tail,
                    bang,
                },
                At::Raw {
                    raw: Raw::Script(right),
                    tail: tail2,
                    bang: bang2,
                },
            ) if tail == tail2 && bang == bang2 => At::Raw {
                raw: Raw::Script(left.join(right)?),
                tail,
                bang,
            },
            (left, right) => {
                let tag = edge(left)?;
                if edge(right)? != tag {
                    return None;
                }
                At::TagEdge(tag)
            }
        };
        Some(Self { foreign, at })
    }

    /// Whether a template may end here.
    pub(super) fn may_end(&self) -> bool {
        matches!(self.at, At::Text | At::Address(_))
    }

    /// Where this is, in words.
    pub(super) fn describe(&self) -> String {
        match &self.at {
            At::Address(_) => "in an address".to_owned(),
            At::Text => "in text".to_owned(),
            At::TagOpen | At::EndTagOpen | At::Declaration { .. } => "after “<”".to_owned(),
            At::Bogus => "in a declaration".to_owned(),
            At::Comment { .. } => "in an HTML comment".to_owned(),
            At::TagName(tag)
            | At::InTag { tag, .. }
            | At::TagEdge(tag)
            | At::AttributeName { tag, .. }
            | At::AfterName { tag, .. } => format!("in the tag <{}>", tag.name),
            At::BeforeValue { tag, .. } | At::Unquoted(tag) => {
                format!("in an attribute without quotes of <{}>", tag.name)
            }
            At::Quoted { tag, quote, .. } => format!("in an attribute of <{}> that {quote} ends", tag.name),
            At::Raw { raw, .. } => format!("in <{}>", raw.name()),
        }
    }
}

impl Kind {
    fn feed(&mut self, character: char) -> Result<(), &'static str> {
        match self {
            Self::Address(address) => address.feed(character),
            Self::Script(script) => {
                script.feed(character);
                Ok(())
            }
            Self::Plain | Self::Style | Self::Refused(_) => Ok(()),
        }
    }

    fn obscure(&mut self) {
        match self {
            Self::Address(address) => address.obscure(),
            Self::Script(script) => script.lose(),
            Self::Plain | Self::Style | Self::Refused(_) => {}
        }
    }

    fn join(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Address(left), Self::Address(right)) => Some(Self::Address(left.join(right))),
            (Self::Script(left), Self::Script(right)) => left.join(right).map(Self::Script),
            (left, right) => (left == right).then_some(left),
        }
    }
}

fn text_or_tag(c: char) -> At {
    if c == '<' { At::TagOpen } else { At::Text }
}

fn push(name: &mut String, c: char) {
    if name.len() < MAX_NAME {
        name.push(c);
    }
}

/// The tag of a state between or in names.
fn edge(at: At) -> Option<Tag> {
    match at {
        At::TagName(tag)
        | At::InTag { tag, .. }
        | At::TagEdge(tag)
        | At::AttributeName { tag, .. }
        | At::AfterName { tag, .. } => Some(tag),
        _ => None,
    }
}

/// Reads the character reference at the beginning of `rest`: the character, if it is one that we know or no reference at
/// all, and how many bytes were read.
fn reference(rest: &str) -> (Option<char>, usize) {
    let body = &rest[1..];
    match body.chars().next() {
        // What follows is a value or a tag, and with it this could be any reference.
        None => return (None, 1),
        Some(next) if next == '#' || next.is_ascii_alphanumeric() => {}
        Some(_) => return (Some('&'), 1),
    }
    let end = body
        .char_indices()
        .take(12)
        .find(|(index, c)| !(c.is_ascii_alphanumeric() || *c == '#' && *index == 0))
        .filter(|(_, c)| *c == ';')
        .map(|(index, _)| index);
    let Some(end) = end else { return (None, 1) };
    let name = &body[..end];
    let decoded = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name
            .strip_prefix('#')
            .and_then(|number| match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => number.parse().ok(),
            })
            // Browsers read some numbers as other characters (13.2.5.80).
            .filter(|code| (0x20..0x7f).contains(code) || (0xa0..0x0011_0000).contains(code))
            .and_then(char::from_u32),
    };
    (decoded, if decoded.is_some() { end + 2 } else { 1 })
}
