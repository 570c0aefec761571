//! The language: tags, operators, filters, strictness and the words of errors.
//!
//! Left out: escaping (`places_tests.rs`) and limits (`limits_tests.rs`). Invariant: each row of a table is a template that an owner could write.

use super::*;
use serde_json::json;
use std::fmt::Write;

pub(super) fn scope(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

pub(super) fn data() -> Map<String, Value> {
    scope(json!({
        "profile": {
            "first_name": "Ada", "empty": "", "none": null, "no": false, "age": 36, "score": 2.5,
            "Plan Type": "gold", "tags": ["b", "a", "b"], "size": "XL", "DOB": "$D_1763938800",
        },
        "cart": [
            {"name": "jug", "price": 12, "sale": true},
            {"name": "cup", "price": 7.5, "sale": false},
            {"name": "pot", "price": 30},
        ],
        "which": "first_name", "index": 1, "list": [1, 2, 3, 4, 5], "nothing": [],
        "text": "The quick brown fox", "now": 1_763_938_800_123_i64,
    }))
}

pub(super) fn render(source: &str) -> Result<String, RenderError> {
    Template::parse(source, Context::Text)
        .unwrap_or_else(|error| panic!("{source}: {error}"))
        .render(&data())
}

pub(super) fn fault(source: &str) -> String {
    match Template::parse(source, Context::Text) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{source} was parsed"),
    }
}

fn table(rows: &[(&str, &str)]) {
    for (source, expected) in rows {
        assert_eq!(render(source).as_deref(), Ok(*expected), "{source}");
    }
}

#[test]
fn values_and_paths() {
    table(&[
        ("Hi {{ profile.first_name }}!", "Hi Ada!"),
        ("{{profile['first_name']}}{{ profile[which] }}", "AdaAda"),
        ("{{ profile[\"Plan Type\"] }}", "gold"),
        (
            "{{ cart[0].name }}{{ cart[-1].name }}{{ cart[index].name }}",
            "jugpotcup",
        ),
        (
            "{{ cart.first.name }}{{ cart.last.name }}{{ cart.size }}",
            "jugpot3",
        ),
        ("{{ text.size }} {{ profile.size }}", "19 XL"),
        (
            "{{ 'it' }}{{ \"'s\" }}{{ 3 }}{{ -2.50 }}{{ true }}{{ 1.0 }}",
            "it's3-2.5true1.0",
        ),
        ("{{ '}}' }}{{ \"%}\" }}", "}}%}"),
        ("{{ profile.tags }}", "bab"),
        ("a } b }} c %} { { d", "a } b }} c %} { { d"),
        ("{{ empty }}{{ blank }}", ""),
        ("{{ profile.empty }}", ""),
        ("{{ profile.no }}", "false"),
    ]);
}

#[test]
fn conditions() {
    let rows = [
        ("profile.first_name == 'Ada'", true),
        ("profile.first_name != 'Ada'", false),
        ("profile.first_name <> 'Bob'", true),
        ("profile.age > 35", true),
        ("profile.age >= 36 and profile.age <= 36", true),
        ("profile.age < 36.5", true),
        ("1 == 1.0", true),
        ("profile.age == '36'", false),
        ("profile.age > 'x'", false),
        ("profile.missing", false),
        ("profile.missing > 3", false),
        ("profile.missing == nil", true),
        ("profile.none == null", true),
        ("profile.no", false),
        ("profile.empty", true),
        ("0", true),
        ("text contains 'quick'", true),
        ("profile.tags contains 'a'", true),
        ("profile.tags contains 'z'", false),
        ("profile contains 'age'", true),
        ("profile.missing contains 'a'", false),
        ("profile.empty == empty", true),
        ("nothing == empty", true),
        ("list != empty", true),
        ("profile.missing == blank", true),
        ("profile.missing == empty", false),
        ("empty == profile.empty", true),
        // From the right: true or (false and false).
        ("true or false and false", true),
        ("false and false or true", false),
        ("true and false or true", true),
    ];
    for (condition, expected) in rows {
        let source = format!("{{% if {condition} %}}yes{{% else %}}no{{% endif %}}");
        assert_eq!(
            render(&source).as_deref(),
            Ok(if expected { "yes" } else { "no" }),
            "{condition}"
        );
        let source = format!("{{% unless {condition} %}}no{{% else %}}yes{{% endunless %}}");
        assert_eq!(
            render(&source).as_deref(),
            Ok(if expected { "yes" } else { "no" }),
            "{condition}"
        );
    }
}

#[test]
fn tags() {
    table(&[
        (
            "{% if false %}a{% elsif profile.age == 36 %}b{% else %}c{% endif %}",
            "b",
        ),
        (
            "{% case profile.age %} {% when 1 %}a{% when 2, 36 %}b{% else %}c{% endcase %}",
            "b",
        ),
        (
            "{% case 'x' %}{% when 'y' or 'z' %}a{% else %}c{% endcase %}",
            "c",
        ),
        ("{% case profile.empty %}{% when empty %}a{% endcase %}", "a"),
        ("{% for x in list %}{{ x }}{% endfor %}", "12345"),
        ("{% for x in list limit:2 offset:1 %}{{ x }}{% endfor %}", "23"),
        ("{% for x in list reversed limit: 2 %}{{ x }}{% endfor %}", "21"),
        (
            "{% for x in list offset: index, limit: 9 %}{{ x }}{% endfor %}",
            "2345",
        ),
        ("{% for x in nothing %}{{ x }}{% else %}none{% endfor %}", "none"),
        (
            "{% for x in profile.missing %}{{ x }}{% else %}none{% endfor %}",
            "none",
        ),
        (
            "{% for x in (1..3) %}{{ forloop.index }}/{{ forloop.length }}{% unless forloop.last %},{% endunless %}{% endfor %}",
            "1/3,2/3,3/3",
        ),
        (
            "{% for x in (1..index) %}{{ forloop.index0 }}{{ forloop.first }}{% endfor %}",
            "0true",
        ),
        (
            "{% for x in list %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 4 %}{% break %}{% endif %}{{ x }}{% endfor %}",
            "13",
        ),
        (
            "{% for a in (1..2) %}{% for b in (1..2) %}{{ a }}{{ b }}{% if b == 1 %}{% break %}{% endif %}{% endfor %};{% endfor %}",
            "11;21;",
        ),
        (
            "{% for item in cart %}{{ item.name }} {% endfor %}",
            "jug cup pot ",
        ),
        ("{% for x in 'abc' %}{{ x }}{% endfor %}", "abc"),
        (
            "{% for pair in cart[0] %}{{ pair[0] }}={{ pair[1] }} {% endfor %}",
            "name=jug price=12 sale=true ",
        ),
        ("{% assign x = profile.first_name | upcase %}{{ x }}", "ADA"),
        ("{% for x in (1..3) %}{% assign y = x %}{% endfor %}{{ y }}", "3"),
        (
            "{% capture x %}<{{ profile.age }}>{% endcapture %}{{ x }}{{ x }}",
            "<36><36>",
        ),
        (
            "a{% comment %} {{ nonsense | no }} {% if %} {% comment %}x{% endcomment %} {% endcomment %}b",
            "ab",
        ),
        ("a{% # it's a remark %}b", "ab"),
        ("{% raw %}{{ x }}{% if %}{% endraw %}", "{{ x }}{% if %}"),
        ("a  {{- 1 -}}  b", "a1b"),
        ("a\n{%- if true -%}\n b \n{%- endif -%}\nc", "abc"),
        ("a {%- comment -%} x {%- endcomment -%} b", "ab"),
        ("a {% raw -%} x {%- endraw -%} b", "a xb"),
        ("{%if true%}a{%endif%}", "a"),
    ]);
}

#[test]
fn text_filters() {
    table(&[
        ("{{ profile.missing | default: 'you' }}", "you"),
        (
            "{{ profile.empty | default: 'you' }}{{ profile.no | default: 'you' }}{{ nothing | default: 'you' }}",
            "youyouyou",
        ),
        ("{{ profile.no | default: 'you', allow_false: true }}", "false"),
        ("{{ profile.missing | upcase | default: 'you' }}", "you"),
        ("{{ profile.missing | default: profile.first_name }}", "Ada"),
        ("{{ 'straße' | upcase }}{{ 'ABC' | downcase }}", "STRASSEabc"),
        (
            "{{ 'hELLO wORLD' | capitalize }}{{ '' | capitalize }}",
            "Hello world",
        ),
        ("[{{ '  a b ' | strip }}]", "[a b]"),
        (
            "{{ text | truncate: 9 }}|{{ text | truncate: 9, '…' }}|{{ text | truncate: 2 }}|{{ text | truncate }}",
            "The qu...|The quic…|...|The quick brown fox",
        ),
        (
            "{{ text | truncatewords: 2 }}|{{ text | truncatewords: 4 }}|{{ text | truncatewords: 1, '' }}",
            "The quick...|The quick brown fox|The",
        ),
        ("{{ 'a' | append: 'b' | prepend: 'c' | append: 1 }}", "cab1"),
        (
            "{{ 'a-b-c' | replace: '-', '+' }}{{ 'a-b-c' | replace_first: '-', '+' }}{{ 'a-b-c' | remove: '-' }}{{ 'ab' | replace: 'b' }}",
            "a+b+ca+b-cabca",
        ),
        ("{{ 'a,b,,c,,' | split: ',' | join: '|' }}", "a|b||c"),
        ("{{ 'abc' | split: '' | join }}", "a b c"),
        ("{{ ' a  b ' | split: ' ' | size }}", "2"),
        (
            "{{ '<b>\"&' | escape }}{{ 'a b/ü' | url_encode }}",
            "&lt;b&gt;&quot;&amp;a+b%2F%C3%BC",
        ),
        ("{{ 'größe' | size }}{{ list | size }}", "55"),
        (
            "{{ cart[0] | json }}{{ 'a\"' | json }}",
            "{\"name\":\"jug\",\"price\":12,\"sale\":true}\"a\\\"\"",
        ),
    ]);
}

#[test]
fn number_filters() {
    table(&[
        (
            "{{ 4 | plus: 2 }}{{ 4 | minus: 6 }}{{ '4' | times: 2.5 }}",
            "6-210.0",
        ),
        (
            "{{ 7 | divided_by: 2 }}{{ -7 | divided_by: 2 }}{{ 7 | divided_by: 2.0 }}",
            "3-43.5",
        ),
        (
            "{{ 7 | modulo: 3 }}{{ -7 | modulo: 3 }}{{ 7.5 | modulo: 2 }}",
            "121.5",
        ),
        (
            "{{ 2.5 | round }}{{ 2.456 | round: 2 }}{{ 1.2 | ceil }}{{ 1.8 | floor }}{{ 3 | ceil }}",
            "32.46213",
        ),
        ("{{ -3 | abs }}{{ '-1.5' | abs }}", "31.5"),
        (
            "{{ 4 | at_least: 5 }}{{ 4 | at_most: 3 }}{{ 4 | at_least: 3 }}",
            "534",
        ),
        ("{{ 9223372036854775807 | plus: 1 }}", "9.223372036854776e+18"),
        (
            "{{ -9223372036854775807 | minus: 1 | divided_by: -1 }}",
            "9.223372036854776e+18",
        ),
    ]);
}

#[test]
fn list_filters() {
    table(&[
        ("{{ list | first }}{{ list | last }}", "15"),
        (
            "{{ profile.tags | sort | join }}|{{ profile.tags | uniq | join }}|{{ list | reverse | join: '' }}",
            "a b b|b a|54321",
        ),
        ("{{ cart | map: 'name' | join: ',' }}", "jug,cup,pot"),
        (
            "{{ cart | sort: 'price' | map: 'name' | join: ',' }}",
            "cup,jug,pot",
        ),
        (
            "{{ cart | where: 'sale' | map: 'name' | join }}|{{ cart | where: 'price', 30 | map: 'name' | join }}",
            "jug|pot",
        ),
    ]);
}

#[test]
fn dates() {
    table(&[
        (
            "{{ '2025-11-23T23:00:00Z' | date: '%d.%m.%Y %H:%M' }}",
            "23.11.2025 23:00",
        ),
        (
            "{{ '2025-11-23T23:00:00+01:00' | date: '%H:%M %z' }}",
            "23:00 +0100",
        ),
        ("{{ '2025-11-23' | date: '%-d. %B, %A' }}", "23. November, Sunday"),
        ("{{ '2025-11-23 08:05' | date: '%l:%M %P' }}", " 8:05 am"),
        (
            "{{ 1763938800 | date: '%F' }}{{ 1763938800123 | date: '%T' }}{{ '1763938800' | date: '%H' }}",
            "2025-11-2323:00:0023",
        ),
        ("{{ profile.DOB | date: '%F' }}", "2025-11-23"),
        (
            "{{ now | date: '%F', 'Europe/Berlin' }} {{ 'now' | date: '%F' }}",
            "2025-11-24 2025-11-23",
        ),
    ]);
    let now = Template::parse("{{ 'now' | date: '%Y' }}", Context::Text).unwrap();
    assert_eq!(now.variables(), ["now"]);
    assert_eq!(
        now.render(&Map::new()),
        Err(RenderError::Missing {
            path: "now".to_owned()
        })
    );
    for (source, reason) in [
        ("{{ 'soon' | date: '%Y' }}", "`\"soon\"` is no date"),
        (
            "{{ 999999999999999999 | date: '%Y' }}",
            "`999999999999999999` is no date",
        ),
    ] {
        assert_eq!(render(source).unwrap_err().to_string(), reason);
    }
}

#[test]
fn what_is_missing_is_never_left_blank() {
    let rows = [
        ("Welcome back, {{ profile.nick }}!", "profile.nick"),
        ("{{ profile.none }}", "profile.none"),
        ("{{ nobody.at.all }}", "nobody.at.all"),
        ("{{ profile.nick | append: '!' }}", "profile.nick"),
        ("{{ 'Hi ' | append: profile.nick }}", "profile.nick"),
        ("{{ profile.nick | default: profile.nack }}", "profile.nick"),
        ("{% assign x = profile.nick %}{{ x }}", "profile.nick"),
        (
            "{% assign x = profile.nick | upcase %}{{ x | strip }}",
            "profile.nick",
        ),
        (
            "{% capture x %}{{ profile.nick }}{% endcapture %}",
            "profile.nick",
        ),
        ("{{ nothing | first }}", "nothing"),
        ("{{ nothing.first }}", "nothing.first"),
        ("{{ cart[9].name }}", "cart[9].name"),
        ("{{ cart[2].sale }}", "cart[2].sale"),
        ("{{ profile[\"Plan B\"] }}", "profile[\"Plan B\"]"),
        ("{{ nil }}", "nil"),
        ("{% for x in (1..profile.nick) %}{% endfor %}", "profile.nick"),
        (
            "{% for x in list %}{{ forloop.nonsense }}{% endfor %}",
            "forloop.nonsense",
        ),
    ];
    for (source, path) in rows {
        let expected = RenderError::Missing {
            path: path.to_owned(),
        };
        assert_eq!(render(source), Err(expected), "{source}");
    }
    table(&[
        ("{{ 'Hi ' | append: profile.nick | default: 'Hi' }}", "Hi"),
        (
            "{% if profile.nick %}{{ profile.nick }}{% else %}you{% endif %}",
            "you",
        ),
    ]);
}

#[test]
fn values_of_the_wrong_kind_are_named() {
    let rows = [
        (
            "{{ profile }}",
            "`profile` is an object, not a text: name one of its fields, or use the filter json",
        ),
        ("{{ text | plus: 1 }}", "`text` is no number"),
        ("{{ 'inf' | plus: 1 }}", "`\"inf\"` is no number"),
        ("{{ text | first }}", "`text` is no list"),
        ("{{ 1 | divided_by: 0 }}", "`1` is divided by zero"),
        ("{{ 1 | modulo: 0.0 }}", "`1` is divided by zero"),
        (
            "{{ true | size }}",
            "`true` has no size: only texts, lists and objects have",
        ),
        (
            "{% for x in (1..now) %}{% endfor %}",
            "`(1..now)` has more than 1000 items",
        ),
    ];
    for (source, message) in rows {
        assert_eq!(render(source).unwrap_err().to_string(), message, "{source}");
    }
}

#[test]
fn a_fault_says_where_and_what_to_do() {
    let rows = [
        (
            "a\n  {{ profile.name | upcas }}",
            "line 2, column 21: there is no filter “upcas”: did you mean “upcase”?",
        ),
        (
            "ü {% iff x %}",
            "line 1, column 6: there is no tag “iff”: did you mean “if”?",
        ),
        (
            "{% if x %}\n\n",
            "line 1, column 1: this {% if %} is never closed: add {% endif %}",
        ),
        (
            "x\n{% for a in b %}{% endif %}",
            "line 2, column 20: {% endif %} cannot stand here, inside {% for %}: close that with {% endfor %} first",
        ),
        (
            "{% endif %}",
            "line 1, column 4: {% endif %} belongs to no tag before it: take it out, or add the tag that opens",
        ),
        (
            "abc {{ x",
            "line 1, column 5: this {{ is never closed: write }} after it, or {% raw %}{{{% endraw %} for the characters themselves",
        ),
        (
            "{{ it's }}",
            "line 1, column 1: this {{ holds a text whose quote is never closed: close the quote, then write }}",
        ),
        (
            "{{ }}",
            "line 1, column 1: this {{ }} is empty: write a variable into it",
        ),
        (
            "{% %}",
            "line 1, column 1: this {% %} is empty: write a tag into it, or take it out",
        ),
        (
            "{{ a b }}",
            "line 1, column 6: the output ends before this: take the rest out, or look for a missing | or quote",
        ),
        (
            "{{ a | append }}",
            "line 1, column 8: `append` does not work with 0 values: write it as append: \"!\"",
        ),
        (
            "{{ a | upcase: 1 }}",
            "line 1, column 8: `upcase` does not work with 1 values: write it as upcase",
        ),
        (
            "{{ a | truncate: size: 1 }}",
            "line 1, column 18: `truncate` has no option “size”: take it out",
        ),
        (
            "{{ a. }}",
            "line 1, column 7: the name after the dot is missing here: write a name of letters, digits and _",
        ),
        (
            "{{ a[1 }}",
            "line 1, column 8: the square bracket is not closed: write ]",
        ),
        (
            "{{ a & b }}",
            "line 1, column 6: “&” means nothing here: take it out, or put text in quotes",
        ),
        (
            "{{ 99999999999999999999 }}",
            "line 1, column 4: this number is too large: write a smaller one",
        ),
        (
            "{% if a = b %}{% endif %}",
            "line 1, column 9: a comparison has two equals signs: write ==",
        ),
        (
            "{% if a | size > 1 %}{% endif %}",
            "line 1, column 9: filters do not work in a condition: use {% assign %} before it",
        ),
        (
            "{% if a %}{% else if b %}{% endif %}",
            "line 1, column 11: “else if” is written in one word: {% elsif … %}",
        ),
        (
            "{% if %}{% endif %}",
            "line 1, column 7: a value is missing here: write a variable, a number or a text in quotes",
        ),
        (
            "{% assign x 1 %}",
            "line 1, column 13: assign has an equals sign: write {% assign name = value %}",
        ),
        (
            "{% for x of y %}{% endfor %}",
            "line 1, column 10: a loop names its list after “in”: write {% for item in list %}",
        ),
        (
            "{% for x in y cols:2 %}{% endfor %}",
            "line 1, column 15: a loop knows limit:, offset: and reversed: take anything else out",
        ),
        (
            "{% for x in (1..1001) %}{% endfor %}",
            "line 1, column 13: a range has at most 1000 items: write a shorter one",
        ),
        (
            "{% break %}",
            "line 1, column 1: break stands outside of a loop: put it between {% for %} and {% endfor %}, and not into a {% capture %} there",
        ),
        (
            "{% for x in y %}{% capture z %}{% continue %}{% endcapture %}{% endfor %}",
            "line 1, column 32: continue stands outside of a loop: put it between {% for %} and {% endfor %}, and not into a {% capture %} there",
        ),
        (
            "{% case x %}a{% when 1 %}{% endcase %}",
            "line 1, column 1: something stands between {% case %} and its first {% when %}: take it out",
        ),
        (
            "{% comment %}",
            "line 1, column 1: this {% comment %} is never closed: add {% endcomment %}",
        ),
        (
            "{% comment x %}{% endcomment %}",
            "line 1, column 1: comment stands alone in its tag: write {% comment %}",
        ),
        (
            "{% raw %}{{",
            "line 1, column 1: this {% raw %} is never closed: add {% endraw %} after the text",
        ),
        (
            "{{ a | date: '%F', 'Mars/Olympus' }}",
            "line 1, column 8: `date` knows no time zone “Mars/Olympus”: write a name such as Europe/Berlin",
        ),
    ];
    for (source, expected) in rows {
        let found = fault(source);
        assert!(found == expected, "{source}\n  is  {found}\n  not {expected}");
    }
}

#[test]
fn what_is_read_from_outside() {
    let template = Template::parse(
        "{% assign mine = profile.first_name %}{{ mine }}{% for item in event.props.items limit: page.query.n %}
         {{ item.name }}{{ forloop.index }}{{ site.name | default: profile[\"Plan Type\"] }}{% endfor %}{{ item }}
         {% if page.path contains visit.page %}{% endif %}{{ list[index].x }}{% capture c %}{{ cap }}{% endcapture %}{{ c }}",
        Context::Text,
    )
    .unwrap();
    assert_eq!(
        template.variables(),
        [
            "cap",
            "event.props.items",
            "index",
            "item",
            "list",
            "page.path",
            "page.query.n",
            "profile.first_name",
            "profile[\"Plan Type\"]",
            "site.name",
            "visit.page",
        ]
    );
    assert!(!template.is_constant());
    assert!(
        Template::parse("Just a { text } %}", Context::Html)
            .unwrap()
            .is_constant()
    );
    assert!(
        !Template::parse("{% raw %}x{% endraw %}", Context::Text)
            .unwrap()
            .is_constant()
    );
    assert!(!Template::parse("{% # x %}", Context::Text).unwrap().is_constant());
    // What is assigned in one branch only is read from outside in the other.
    let branch = "{% if false %}{% assign which = 1 %}{% endif %}{{ which }}";
    assert_eq!(render(branch).as_deref(), Ok("first_name"));
}

#[test]
fn a_format_of_a_date_is_checked_at_once() {
    let found = fault("x {{ now | date: '%d.%!' }}");
    assert!(
        found.starts_with("line 1, column 12: `date` cannot write “%d.%!”"),
        "{found}"
    );
}

#[test]
fn a_template_is_shared_between_threads() {
    fn is_shared<T: Send + Sync + Clone + std::fmt::Debug>() {}
    is_shared::<Template>();
    is_shared::<ParseError>();
    is_shared::<RenderError>();
}

#[test]
fn errors_are_printed_for_their_reader() {
    let mut lines = String::new();
    for error in [
        RenderError::Missing {
            path: "profile.name".to_owned(),
        },
        RenderError::TooLong,
        RenderError::TooManySteps,
    ] {
        writeln!(lines, "{error}").expect("writing to a String does not fail");
    }
    assert_eq!(
        lines,
        "`profile.name` has no value and the template gives no default for it\nthe text becomes too long\nrendering takes too many steps\n"
    );
}
