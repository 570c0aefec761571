//! Limits, and templates that nobody would write.
//!
//! Left out: what a template means (`tests.rs`). Invariant: every input here ends with a text or an error, never with a panic.

use super::tests::{data, fault, render, scope};
use super::*;
use serde_json::json;

#[test]
fn limits_of_the_source() {
    assert!(fault(&"x".repeat(MAX_SOURCE + 1)).contains("make it shorter"));
    assert!(
        Template::parse(&"x".repeat(MAX_SOURCE), Context::Html)
            .unwrap()
            .is_constant()
    );
    let nested = |depth: usize| format!("{}{}", "{% if a %}".repeat(depth), "{% endif %}".repeat(depth));
    assert!(Template::parse(&nested(MAX_DEPTH), Context::Html).is_ok());
    assert!(fault(&nested(MAX_DEPTH + 1)).contains("nested deeper than 16"));
    assert!(fault(&"{{ a }}".repeat(MAX_NODES + 1)).contains("more than 2000 pieces"));
    assert!(fault(&format!("{{{{ {} }}}}", "a[".repeat(500))).contains("nested too deeply"));
    assert!(fault(&format!("{{{{ {} }}}}", "(".repeat(5000))).contains("nested too deeply"));
    assert!(fault(&format!("{{{{ {} }}}}", "a".repeat(5000))).contains("too long"));
    let long = format!("{{% if a {} %}}x{{% endif %}}", "and a ".repeat(9000));
    assert_eq!(render(&long).as_deref(), Ok(""));
}

#[test]
fn limits_of_rendering() {
    let doubling =
        "{% assign a = 'xxxxxxxxxxxxxxxx' %}".to_owned() + &"{% assign a = a | append: a %}".repeat(40);
    assert_eq!(render(&doubling), Err(RenderError::TooLong));
    let replaced =
        "{% assign a = 'xxxxxxxx' %}".to_owned() + &"{% assign a = a | replace: 'x', a %}".repeat(9);
    assert_eq!(render(&replaced), Err(RenderError::TooLong));
    let nested = "{% for a in (1..1000) %}{% for b in (1..1000) %}{% for c in (1..1000) %}{% endfor %}{% endfor %}{% endfor %}";
    assert_eq!(render(nested), Err(RenderError::TooManySteps));
    let line = "x".repeat(1000);
    let long = format!("{{% for a in (1..1000) %}}{line}{{% endfor %}}");
    assert_eq!(render(&long), Err(RenderError::TooLong));
    let capture =
        format!("{{% capture z %}}{{% for a in (1..1000) %}}{line}{{% endfor %}}{{% endcapture %}}");
    assert_eq!(render(&capture), Err(RenderError::TooLong));
    let big = json!({"big": vec![json!({"text": "y".repeat(500)}); 500]});
    let copies = Template::parse(
        "{% for a in (1..1000) %}{% assign b = big | reverse %}{% endfor %}",
        Context::Text,
    );
    assert_eq!(
        copies.unwrap().render(&scope(big)),
        Err(RenderError::TooManySteps)
    );
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    for source in [
        "{{ deep }}",
        "{{ deep | json }}",
        "{% if deep == deep %}{% endif %}",
    ] {
        let template = Template::parse(source, Context::Text).unwrap();
        let error = template.render(&scope(json!({"deep": deep}))).unwrap_err();
        assert_eq!(error.to_string(), "`deep` is nested too deeply", "{source}");
    }
}

/// Numbers that look random and are the same each time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

#[test]
fn any_soup_of_tokens_ends_without_a_panic() {
    const TOKENS: &[&str] = &[
        "{{",
        "}}",
        "{%",
        "%}",
        "{%-",
        "-%}",
        "{{-",
        "-}}",
        " ",
        "\n",
        "if",
        "endif",
        "else",
        "elsif",
        "unless",
        "endunless",
        "case",
        "when",
        "endcase",
        "for",
        "in",
        "endfor",
        "assign",
        "capture",
        "endcapture",
        "comment",
        "endcomment",
        "raw",
        "endraw",
        "break",
        "continue",
        "list",
        "text",
        "cart",
        "profile",
        "x",
        "forloop",
        "index",
        ".",
        "..",
        "[",
        "]",
        "(",
        ")",
        "|",
        ":",
        ",",
        "=",
        "==",
        "<",
        ">=",
        "contains",
        "and",
        "or",
        "'",
        "\"",
        "'a'",
        "\"b\"",
        "1",
        "-5",
        "9223372036854775807",
        "2.5",
        "nil",
        "empty",
        "blank",
        "size",
        "first",
        "split",
        "replace",
        "append",
        "divided_by",
        "round",
        "truncate",
        "date",
        "sort",
        "json",
        "default",
        "%Y",
        "ü",
        "\u{2028}",
        "🦀",
        "<a href=\"",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<style>",
        "onclick='",
        "`",
        "${",
        "/*",
        "&",
        "&#39;",
        "#",
    ];
    const PHRASES: &[&str] = &[
        "{{ list | ",
        "{% for x in list %}",
        "{% endfor %}",
        "{% if x %}",
        "{% else %}",
        "{% endif %}",
        "{{ text }}",
        "{% assign x = ",
        " %}",
        " }}",
        "{{ x | default: 'd' }}",
        "{{ cart | map: 'name' | join }}",
        "{% break %}",
    ];
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut parsed = 0;
    for round in 0..6000 {
        let mut source = String::new();
        for _ in 0..dice.below(30) {
            let list = if dice.below(2) == 0 { TOKENS } else { PHRASES };
            source.push_str(list[dice.below(list.len())]);
            source.push_str(["", " "][dice.below(2)]);
        }
        for context in [Context::Text, Context::Url, Context::Html] {
            if let Ok(template) = Template::parse(&source, context) {
                parsed += 1;
                let first = template.render(&data());
                assert_eq!(first, template.render(&data()), "round {round}: {source}");
            }
        }
    }
    assert!(parsed > 500, "only {parsed} of the soups are templates");
}
