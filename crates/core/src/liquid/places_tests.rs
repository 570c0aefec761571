//! Escaping: hostile values in every place of HTML and of an address, and places in which no value can stand.
//!
//! Left out: the language (`tests.rs`). Invariant: a test says what a browser would see, not only what we write.

use super::html::State;
use super::limits_tests::Dice;
use super::*;
use serde_json::json;

fn with(source: &str, context: Context, value: &Value) -> Result<String, RenderError> {
    let scope = json!({"x": value, "y": "/a b", "yes": true, "no": false, "list": [value, value]});
    let template = Template::parse(source, context).unwrap_or_else(|error| panic!("{source}: {error}"));
    template.render(scope.as_object().expect("it is one"))
}

fn html(source: &str, value: &str) -> Result<String, RenderError> {
    with(source, Context::Html, &json!(value))
}

fn refused(source: &str) -> String {
    match Template::parse(source, Context::Html) {
        Err(error) => error.message,
        Ok(template) => panic!("{source} was parsed: {template:?}"),
    }
}

/// Where the reader of `text` comes by, without repetitions: what a value must not change.
fn tour(text: &str) -> Vec<String> {
    let mut state = State::document();
    let mut stops = vec![state.describe()];
    let mut buffer = [0; 4];
    for character in text.chars() {
        if state.feed(character.encode_utf8(&mut buffer)).is_err() {
            break;
        }
        let stop = state.describe();
        if stops.last() != Some(&stop) {
            stops.push(stop);
        }
    }
    stops
}

/// What a visitor may call himself.
const HOSTILE: &[&str] = &[
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "JaVa\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example",
    "/\\evil.example",
    "\\'-alert(1)//",
    "${alert(1)}`",
    "*/alert(1)/*",
    "--></style><script>alert(1)</script>",
    "</textarea><script>",
    "</title><script>",
    "&#39;);alert(1)//",
    "quot;);alert(1)//",
    "\u{2028}alert(1)",
    "\n\r\0\u{b}",
    "red;background:url(//evil)",
    "expression(alert(1))",
    "!--<script>",
    "/script >",
];

#[test]
fn text_and_attributes() {
    let value = "<b a='1' c=\"2\">&";
    let escaped = "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;";
    for source in [
        "<p>{{ x }}</p>",
        "<p title=\"{{ x }}\">",
        "<p title = '{{ x }}'>",
        "<textarea>{{ x }}</textarea>",
        "<title>{{ x }}</title>",
        "<p>{{ x | escape }}</p>",
        "<input value=\"{{ x }}\"/>",
        "a < b {{ x }}",
        "<!-- <script> --><p>{{ x }}",
        "<!doctype html><p data-x=\"{{ x }}\">",
        "{% capture c %}{{ x }}{% endcapture %}{{ c }}",
    ] {
        let found = html(source, value).unwrap();
        assert!(found.contains(escaped), "{source}: {found}");
        assert!(!found.contains("<b"), "{source}: {found}");
    }
    assert_eq!(escape_html(value), escaped);
}

#[test]
fn addresses() {
    let good = [
        (
            "https://a.example/x?a=1&b='2'",
            "https://a.example/x?a=1&amp;b=&#39;2&#39;",
        ),
        ("HTTP://a.example", "HTTP://a.example"),
        ("/path", "/path"),
        ("#part", "#part"),
        ("?q=1", "?q=1"),
        ("./x", "./x"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("tel:+49", "tel:+49"),
        ("", ""),
    ];
    for (value, expected) in good {
        for attribute in [
            "href",
            "src",
            "action",
            "formaction",
            "poster",
            "srcset",
            "xlink:href",
            "cite",
            "background",
        ] {
            let source = format!("<a {attribute}=\"{{{{ x }}}}\">");
            let expected = format!("<a {attribute}=\"{expected}\">");
            assert_eq!(html(&source, value), Ok(expected), "{value}");
        }
    }
    let bad = [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "\u{1}javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "/\t/evil.example",
        "https:///x",
        "https:/\\x",
        "evil",
        "blob:x",
        "file:///etc/passwd",
        "https://",
    ];
    for value in bad {
        let error = html("<a href=\"{{ x }}\">", value).unwrap_err();
        assert!(
            matches!(&error, RenderError::Unsafe { path, .. } if path == "x"),
            "{value}: {error}"
        );
    }
    let later = [
        (
            "<a href=\"/s?q={{ x }}\">",
            "a&b=c/ü '",
            "<a href=\"/s?q=a%26b%3Dc%2F%C3%BC%20%27\">",
        ),
        (
            "<a href=\"/s?a=1&amp;q={{ x | url_encode }}\">",
            "a b",
            "<a href=\"/s?a=1&amp;q=a%20b\">",
        ),
        ("<a href=\"/s?a=1&q={{ x }}\">", ":", "<a href=\"/s?a=1&q=%3A\">"),
        (
            "<a href=\"{{ y }}?q={{ x }}\">",
            "javascript:",
            "<a href=\"/a b?q=javascript%3A\">",
        ),
        (
            "<a href=\"{{ y }}{{ x }}\">",
            "javascript:",
            "<a href=\"/a bjavascript%3A\">",
        ),
        ("<a href=\"page-{{ x }}\">", ":", "<a href=\"page-%3A\">"),
        (
            "<a href=\"java{{ x }}\">",
            "script:alert(1)",
            "<a href=\"javascript%3Aalert%281%29\">",
        ),
        (
            "<a href=\"{% if yes %}/a/{% else %}https://b.example/{% endif %}{{ x }}\">",
            "c/",
            "<a href=\"/a/c%2F\">",
        ),
        (
            "<script src=\"/v/{{ x }}/a.js\"></script>",
            "../..",
            "<script src=\"/v/..%2F../a.js\"></script>",
        ),
        (
            "<iframe src=\"https://a.example/{{ x }}\"></iframe>",
            "//",
            "<iframe src=\"https://a.example/%2F%2F\"></iframe>",
        ),
    ];
    for (source, value, expected) in later {
        assert_eq!(html(source, value).as_deref(), Ok(expected), "{source}");
    }
    for source in [
        "<a href=\"javascript:go('{{ x }}')\">",
        "<a href=\"JavaScript:{{ x }}\">",
        "<a href=\" java\nscript:{{ x }}\">",
        "<a href=\"java&#115;cript:{{ x }}\">",
        "<a href=\"javascript&colon;{{ x }}\">",
        "<a href=\"javascript&#58;{{ x }}\">",
        "<a href=\"data:text/html,{{ x }}\">",
        "<a href=\"{{ x }}:alert(1)\">",
        "<a href=\"java{{ x }}:alert(1)\">",
        "<a href=\"{{ x }}&colon;{{ y }}\">",
        "<a href=\"{% if yes %}javascript:{% endif %}{{ x }}\">",
        "<a href=\"{% if yes %}/a{% endif %}{{ x }}\">",
        "<a href=\"{% for i in list %}{{ i }}{% endfor %}\">",
        "<script src=\"{{ x }}\"></script>",
        "<script src=\"https://{{ x }}/a.js\"></script>",
        "<script src=\"//{{ x }}/a.js\"></script>",
        "<script src=\"/{% if yes %}/{% endif %}{{ x }}/a.js\"></script>",
        "<iframe src='{{ x }}'></iframe>",
        "<object data='{{ x }}'></object>",
        "<link rel=stylesheet href='{{ x }}'>",
        "<base href='{{ x }}'>",
        "<svg><use xlink:href='{{ x }}'></use></svg>",
    ] {
        refused(source);
    }
}

#[test]
fn a_whole_address() {
    let url = |source: &str, value: &str| with(source, Context::Url, &json!(value));
    assert_eq!(
        url("https://a.example/?q={{ x }}", "a b&c").as_deref(),
        Ok("https://a.example/?q=a%20b%26c")
    );
    assert_eq!(
        url("{{ x }}", "https://a.example/?a=1&b").as_deref(),
        Ok("https://a.example/?a=1&b")
    );
    assert_eq!(url("{{ x }}", "/p").as_deref(), Ok("/p"));
    assert_eq!(url("{{ y }}/{{ x }}", "?").as_deref(), Ok("/a b/%3F"));
    assert_eq!(
        url("{% if no %}/a{% else %}/b{% endif %}?{{ x }}", "é").as_deref(),
        Ok("/b?%C3%A9")
    );
    for value in [
        "javascript:alert(1)",
        "data:,x",
        "//host",
        "/\\host",
        "mailto:a@b",
        "#x",
        "",
        "x",
        "ht\ntps://x",
    ] {
        assert!(
            matches!(url("{{ x }}", value), Err(RenderError::Unsafe { .. })),
            "{value}"
        );
    }
    for source in ["javascript:{{ x }}", "{{ x }}:{{ y }}", "data:{{ x }}"] {
        assert!(Template::parse(source, Context::Url).is_err(), "{source}");
    }
}

#[test]
fn scripts() {
    let rows = [
        (
            "<script>f('{{ x }}')</script>",
            "a'\"<\\`$\n",
            "f('a\\u0027\\u0022\\u003C\\u005C\\u0060\\u0024\\u000A')",
        ),
        (
            "<script>f(\"{{ x }}\")</script>",
            "</script>",
            "f(\"\\u003C\\u002Fscript\\u003E\")",
        ),
        (
            "<script>f(`a ${b + '}'} {{ x }}`)</script>",
            "${1}",
            "f(`a ${b + '}'} \\u0024\\u007B1\\u007D`)",
        ),
        (
            "<script>f({{ x }})</script>",
            "it's & ü\u{2028}",
            "f(\"it\\u0027s \\u0026 ü\\u2028\")",
        ),
        ("<script>f({{ x | json }})</script>", "a", "f(\"a\")"),
        (
            "<script>/* it's */ // don't\nf({{ x }})</script>",
            "a",
            "f(\"a\")",
        ),
        (
            "<script>var r = /['\"]/g; f('{{ x }}')</script>",
            "'",
            "f('\\u0027')",
        ),
        (
            "<script>var r = a / 2; f('{{ x }}')</script>",
            "'",
            "f('\\u0027')",
        ),
        (
            "<script>return /[/'\"]/.test('{{ x }}')</script>",
            "'",
            "test('\\u0027')",
        ),
        ("<script>var q = '\\''; f({{ x }})</script>", "a", "f(\"a\")"),
        (
            "<script type='application/ld+json'>{\"name\": \"{{ x }}\"}</script>",
            "\"}",
            "{\"name\": \"\\u0022\\u007D\"}",
        ),
        ("<a onclick=\"f('{{ x }}')\">", "'\"", "f('\\u0027\\u0022')"),
        (
            "<a onclick=\"f({{ x }})\">",
            "'\"",
            "f(&quot;\\u0027\\u0022&quot;)",
        ),
        (
            "<a onclick=\"f(&quot;{{ x }}&quot;) &amp;&amp; a && b\">",
            "'",
            "f(&quot;\\u0027&quot;)",
        ),
        (
            "<a onclick='f(&#34;{{ x }}&#x22;)'>",
            "'",
            "f(&#34;\\u0027&#x22;)",
        ),
    ];
    for (source, value, expected) in rows {
        let found = html(source, value).unwrap_or_else(|error| panic!("{source}: {error}"));
        assert!(found.contains(expected), "{source}: {found}");
    }
    let values = json!({"a": [1, -2.5, true, null, "<"], "k\"": {}});
    assert_eq!(
        with(
            "<script>f({{ x }},-{{ x.a[1] }})</script>",
            Context::Html,
            &values
        )
        .as_deref(),
        Ok("<script>f({\"a\":[1, -2.5,true,null,\"\\u003C\"],\"k\\u0022\":{}},- -2.5)</script>")
    );
    for source in [
        "<script>// {{ x }}\n</script>",
        "<script>/* {{ x }} */</script>",
        "<script>/{{ x }}/.test(a)</script>",
        "<script>a = /b{{ x }}/</script>",
        "<script>f('\\{{ x }}')</script>",
        "<script>'<{{ x }}'</script>",
        "<script>'</{{ x }}'</script>",
        "<script><!-- f({{ x }})</script>",
        "<script>} /'/; f('{{ x }}')</script>",
        "<script>'a\n'; f('{{ x }}')</script>",
        "<script>{% if yes %}'{% endif %}{{ x }}'</script>",
        "<svg><script>f(&#39;{{ x }}&#39;)</script></svg>",
        "<a onclick=\"f(&lpar;{{ x }})\">",
        "<a onclick=\"f('&{{ x }}')\">",
        "<a onclick=\"f('&#{{ x }}')\">",
        "<a onclick={{ x }}>",
    ] {
        refused(source);
    }
}

#[test]
fn styles() {
    for value in [
        "red",
        "#ff0000",
        "12px",
        "1.5em",
        "rgb(1, 2, 3)",
        "50%",
        "calc(1px - 2px)",
    ] {
        for source in [
            "<p style=\"color: {{ x }}\">",
            "<style>p { color: {{ x }} }</style>",
        ] {
            assert!(html(source, value).unwrap().contains(value), "{value}");
        }
    }
    for value in [
        "red;background:red",
        "url(x)",
        "URL(x)",
        "expression(1)",
        "</style>",
        "a\\62",
        "a{b}",
        "'",
        "\"",
        "@import",
        "(",
        ")(",
        "a/*",
        "a:b",
    ] {
        for source in [
            "<p style=\"color: {{ x }}\">",
            "<style>p { color: {{ x }} }</style>",
        ] {
            let found = html(source, value);
            assert!(
                matches!(found, Err(RenderError::Unsafe { .. })),
                "{value}: {found:?}"
            );
        }
    }
}

#[test]
fn places_without_values_say_what_to_do() {
    let rows = [
        (
            "<p class={{ x }}>",
            "this attribute's value is not in quotes: write name=\"{{ … }}\"",
        ),
        (
            "<p class=a{{ x }}>",
            "this attribute's value is not in quotes: write name=\"{{ … }}\"",
        ),
        (
            "<{{ x }}>",
            "“<” stands right before this value: write &lt; for the character itself",
        ),
        (
            "</{{ x }}>",
            "“<” stands right before this value: write &lt; for the character itself",
        ),
    ];
    for (source, message) in rows {
        assert_eq!(refused(source), message, "{source}");
    }
    for (source, part) in [
        ("<p {{ x }}=\"a\">", "name of a tag or of an attribute"),
        ("<p{{ x }}>", "name of a tag or of an attribute"),
        ("<p a{{ x }}=\"b\">", "name of a tag or of an attribute"),
        ("<p a=\"b\"{{ x }}>", "name of a tag or of an attribute"),
        ("<!-- {{ x }} -->", "HTML comment"),
        ("<!--{{ x }}-->", "HTML comment"),
        ("<!doctype {{ x }}>", "declaration"),
        ("<iframe srcdoc=\"{{ x }}\"></iframe>", "whole document"),
        ("<iframe>{{ x }}</iframe>", "inside of <iframe>"),
        ("<xmp>{{ x }}</xmp>", "inside of <xmp>"),
        ("<plaintext>{{ x }}", "inside of <plaintext>"),
        ("<meta http-equiv=refresh content=\"0;url={{ x }}\">", "meta tag"),
        ("<svg><set attributeName=href to=\"{{ x }}\"/></svg>", "animation"),
        ("<p @click=\"f({{ x }})\">", "frameworks"),
        ("<svg><style>{{ x }}</style></svg>", "inside of svg or math"),
        ("<svg><![CDATA[ {{ x }} ]]></svg>", "CDATA"),
        ("<textarea></{{ x }}</textarea>", "could begin an end tag"),
        ("<p =\"{{ x }}\">", "no attribute before it"),
        ("{{ x }}<p title=\"a", "the template ends in an attribute of <p>"),
        ("{{ x }}<script>", "the template ends in <script>"),
        ("{{ x }} <", "the template ends after “<”"),
    ] {
        let found = refused(source);
        assert!(found.contains(part), "{source}: {found}");
    }
    let error = Template::parse("<p>\n <b title={{ x }}>", Context::Html).unwrap_err();
    assert_eq!((error.line, error.column), (2, 11));
}

#[test]
fn branches_meet_in_one_place() {
    for source in [
        "<option{% if yes %} selected{% endif %}>{{ x }}</option>",
        "<input {% if yes %}checked{% endif %} value=\"{{ x }}\">",
        "<p{% if yes %} class=\"{{ x }}\"{% else %} id='a'{% endif %}>{{ x }}</p>",
        "<p class=\"a{% if yes %} {{ x }}{% endif %}\">",
        "{% for i in list %}<li title=\"{{ i }}\">{{ i }}{% if yes %}{% continue %}{% endif %}</li>{% else %}<b>{{ x }}</b>{% endfor %}",
        "<ul {% for i in list %}data-a=\"{{ i }}\" {% endfor %}>",
        "<script>{% if yes %}f({{ x }});{% endif %} var a = '{{ x }}';</script>",
        "<script>f([{% for i in list %}{% unless forloop.first %},{% endunless %}{{ i }}{% endfor %}])</script>",
        "{% case x %}{% when 'a' %}<b>{{ x }}</b>{% else %}<b>b{{ x }}</b>{% endcase %}",
        "<!-- {% if yes %}a{% endif %} --><p>{{ x }}",
    ] {
        for value in HOSTILE {
            let hostile = html(source, value).unwrap_or_else(|error| panic!("{source}: {error}"));
            assert_eq!(
                tour(&hostile),
                tour(&html(source, "a").unwrap()),
                "{source}: {hostile}"
            );
        }
    }
    for source in [
        "<p title=\"{% if yes %}\"{% endif %}{{ x }}\">",
        "{% if yes %}<script>{% endif %}{{ x }}</script>",
        "{% if yes %}<p title=\"{% else %}<p alt='{% endif %}{{ x }}",
        "{% for i in list %}<p title=\"{% endfor %}{{ x }}\">",
        "{% for i in list %}<p title=\"{% break %}{% endfor %}{{ x }}\">",
        "{% for i in list %}<p title=\"{% if yes %}{% continue %}{% endif %}a\">{% endfor %}{{ x }}",
        "{% for i in list %}{% break %}{{ x }}{% endfor %}",
        "<p{% if yes %} a{% endif %}b=\"{{ x }}\">",
        "<p {% if yes %}onclick{% else %}title{% endif %}=\"{{ x }}\">",
        "<{% if yes %}script{% else %}b{% endif %}>{{ x }}</b>",
        "<script>{% if yes %}/*{% endif %}{{ x }}</script>",
    ] {
        refused(source);
    }
    let error = Template::parse("a\n{% if yes %}<b title=\"{% endif %}{{ x }}", Context::Html).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 1: this {% if %} can end in different ways (some in an attribute of <b> that \" ends, some in text): open and close tags, quotes and scripts inside of the same branch"
    );
    let nested = format!(
        "{}<b {}>",
        "{% for i in list %}<b ".repeat(15),
        "{% endfor %}".repeat(15)
    );
    drop(Template::parse(&nested, Context::Html));
}

#[test]
fn hostile_values_stay_where_they_stand() {
    let places = [
        "<p>{{ x }}</p>",
        "<p title=\"{{ x }}\">a</p>",
        "<p title='{{ x }}'>a</p>",
        "<a href=\"{{ x }}\">a</a>",
        "<a href='{{ x }}'>a</a>",
        "<a href=\"/p?q={{ x }}#a\">a</a>",
        "<a href='/p/{{ x }}'>a</a>",
        "<textarea>{{ x }}</textarea>",
        "<title>{{ x }}</title>",
        "<script>f('{{ x }}')</script>",
        "<script>f(\"{{ x }}\")</script>",
        "<script>f(`{{ x }}`)</script>",
        "<script>f({{ x }})</script>",
        "<script>f({{ list }})</script>",
        "<p onclick=\"f('{{ x }}')\">a</p>",
        "<p onclick='f({{ x }})'>a</p>",
        "<p onclick=\"f({{ list }})\">a</p>",
        "<style>p { color: {{ x }} }</style>",
        "<p style=\"color: {{ x }}\">a</p>",
    ];
    for source in places {
        let benign = html(source, "/a").or_else(|_| html(source, "a")).unwrap();
        for value in HOSTILE {
            match html(source, value) {
                Ok(found) => {
                    assert_eq!(tour(&found), tour(&benign), "{source}: {found}");
                    assert!(
                        !found.to_lowercase().contains("href=\"javascript:"),
                        "{source}: {found}"
                    );
                    assert_eq!(
                        found.matches("</script").count(),
                        benign.matches("</script").count()
                    );
                }
                Err(RenderError::Unsafe { path, .. }) => assert_eq!(path, "x"),
                Err(error) => panic!("{source}: {error}"),
            }
        }
    }
}

#[test]
fn no_value_changes_what_a_browser_sees_of_any_template() {
    const PIECES: &[&str] = &[
        "<p>",
        "</p>",
        "<a href=\"",
        "<a href='",
        "\"",
        "'",
        ">",
        " title=\"",
        " onclick=\"",
        " style='",
        "<script>",
        "</script>",
        "<style>",
        "</style>",
        "<textarea>",
        "</textarea>",
        "<!--",
        "-->",
        "f(",
        ")",
        ";",
        "`",
        "${",
        "}",
        "//",
        "/*",
        "*/",
        "/",
        "\n",
        "\\",
        "&",
        "&quot;",
        "&#39;",
        "javascript:",
        "https://a/",
        "?q=",
        "{{ x }}",
        "{{ x }}",
        "{{ x }}",
        "{{ x }}",
        "{% if yes %}",
        "{% endif %}",
        "{% else %}",
        "{% for i in list %}",
        "{% endfor %}",
        "{{ i }}",
        "{% break %}",
        "<svg>",
        "</svg>",
        "<",
        "</",
        "=",
        " ",
        "a",
        "-",
    ];
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let (mut parsed, mut compared) = (0, 0);
    for _ in 0..12_000 {
        let count = 1 + dice.below(12);
        let source: String = (0..count).map(|_| PIECES[dice.below(PIECES.len())]).collect();
        let Ok(template) = Template::parse(&source, Context::Html) else {
            continue;
        };
        parsed += 1;
        let render = |value: &str| {
            let scope = json!({"x": value, "yes": true, "list": [value, value]});
            template.render(scope.as_object().expect("it is one"))
        };
        let Ok(benign) = render("/a").or_else(|_| render("a")) else {
            continue;
        };
        for value in HOSTILE {
            if let Ok(found) = render(value) {
                compared += 1;
                assert_eq!(tour(&found), tour(&benign), "{source}\n{found}");
            }
        }
    }
    assert!(
        parsed > 400 && compared > 2000,
        "{parsed} templates, {compared} comparisons"
    );
}
