//! What a visitor writes into the field of a pop-up: read and checked.
//!
//! The browser checks first so that the visitor hears at once; this is what counts. Left out: keeping it. Invariant: an answer that is read
//! is of the field's kind, within its bounds, and has the consent that the field demands.

use super::{Ask, Field};
use crate::FieldError;
use serde_json::{Value, json};

/// Longest answer in words, characters.
const WORDS: usize = 1000;

/// An answer that may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// A text, or a number of a scale.
    pub value: Value,
    /// A few words beside it, or empty.
    pub comment: String,
}

impl Field {
    /// Reads an answer. The faults are for a console: the visitor was told by the page.
    pub fn read(&self, answer: &Value, comment: &str, consent: bool) -> Result<Given, FieldError> {
        let fault = |field: &str, message: &str| {
            Err(FieldError::new(
                field,
                format!("{message} The answer was not kept."),
            ))
        };
        if self.consent.as_ref().is_some_and(|wanted| wanted.required) && !consent {
            return fault("consent", "The consent was not given.");
        }
        let text = answer.as_str().map(str::trim).unwrap_or_default();
        let value = match self.ask {
            Ask::Email if is_email(text) => json!(text.to_lowercase()),
            Ask::Email => return fault("answer", "This is no e-mail address."),
            Ask::Text if text.is_empty() => return fault("answer", "The answer is empty."),
            Ask::Text => json!(cut(text)),
            Ask::Choice if self.options.iter().any(|option| option.trim() == text) => json!(text),
            Ask::Choice => return fault("answer", "This is none of the answers to choose from."),
            Ask::Scale => {
                let step = answer.as_u64().or_else(|| text.parse().ok());
                match step {
                    Some(step @ 1..=5) => json!(step),
                    _ => return fault("answer", "A scale is answered by 1 to 5."),
                }
            }
        };
        let comment = if self.comment.is_some() {
            cut(comment.trim())
        } else {
            String::new()
        };
        Ok(Given { value, comment })
    }
}

fn cut(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .take(WORDS)
        .collect()
}

/// Whether a mail server could take it: one `@`, a domain with a dot or of letters only, nothing that breaks out of a header. The grammar of
/// RFC 5322 admits more than anybody has.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let labels = domain.split('.').collect::<Vec<_>>();
    (1..=64).contains(&local.len())
        && (3..=253).contains(&domain.len())
        && !local.contains('@')
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local
            .chars()
            .all(|c| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>[]\\".contains(c))
        && labels.len() >= 2
        && labels.iter().all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(value: Value) -> Field {
        serde_json::from_value(value).expect("a field")
    }

    #[test]
    fn answers_are_of_their_kind() {
        let email = field(
            json!({"ask": "email", "property": "Email", "consent": {"text": "Yes, write to me", "required": true}}),
        );
        let read = |answer: &str, consent| email.read(&json!(answer), "left out", consent);
        assert_eq!(
            read(" Ann@Example.com ", true),
            Ok(Given {
                value: json!("ann@example.com"),
                comment: String::new()
            })
        );
        assert_eq!(
            read("ann@example.com", false).expect_err("consent").field,
            "consent"
        );
        for bad in [
            "",
            "ann",
            "ann@",
            "@example.com",
            "a b@example.com",
            "ann@example",
            "ann@exa_mple.com",
            "a@b@example.com",
            "ann@-x.com",
        ] {
            assert_eq!(read(bad, true).expect_err(bad).field, "answer");
        }
        let choice = field(
            json!({"ask": "choice", "property": "Why", "options": ["Too dear", "Too far"], "comment": "More?"}),
        );
        assert_eq!(
            choice.read(&json!("Too far"), " by sea ", false),
            Ok(Given {
                value: json!("Too far"),
                comment: "by sea".to_owned()
            })
        );
        assert!(choice.read(&json!("<b>"), "", false).is_err());
        let scale = field(json!({"ask": "scale", "property": "Score"}));
        assert_eq!(scale.read(&json!("4"), "", false).expect("good").value, json!(4));
        assert_eq!(scale.read(&json!(5), "", false).expect("good").value, json!(5));
        assert!(scale.read(&json!(6), "", false).is_err());
    }
}
