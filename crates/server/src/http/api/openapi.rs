//! `/api/openapi.json`: OpenAPI 3.1, made from the table of routes.
//!
//! Left out: prose that belongs into the guide. Invariant: a path is here if and only if it is served.

use super::{ROUTES, Route};
use axum::Json;
use serde_json::{Map, Value, json};

/// The document.
pub(super) async fn document() -> Json<Value> {
    Json(made())
}

fn made() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let path = paths
            .entry(format!("/api{}", route.path))
            .or_insert_with(|| json!({}));
        path[route.method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Campanile", "version": env!("CARGO_PKG_VERSION"), "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}},
        "paths": paths,
        "security": [{"key": []}],
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key, cmp_…: Settings, Access, API keys."}},
            "schemas": schemas(),
        },
    })
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn content(name: &str) -> Value {
    json!({"application/json": {"schema": reference(name)}})
}

fn operation(route: &Route) -> Value {
    let mut responses = Map::new();
    let good = if route.gives.is_empty() {
        json!({"description": "Done"})
    } else {
        json!({"description": "Done", "content": content(route.gives)})
    };
    responses.insert(route.status.to_string(), good);
    responses.insert(
        "default".to_owned(),
        json!({"description": "Not done; nothing was kept", "content": content("Error")}),
    );
    let mut operation =
        json!({"summary": route.summary, "operationId": operation_id(route), "responses": responses});
    match route.takes {
        "" => {}
        // Raw bytes have a media type and no schema.
        "Picture" => {
            let kinds = json!({"image/png": {}, "image/jpeg": {}, "image/webp": {}, "image/gif": {}});
            operation["requestBody"] = json!({"required": true, "content": kinds});
        }
        name => operation["requestBody"] = json!({"required": true, "content": content(name)}),
    }
    let mut parameters = Vec::new();
    if route.path.contains("{id}") {
        let kind = if route.path.starts_with("/v1/keys") {
            json!({"type": "string"})
        } else {
            json!({"type": "integer", "format": "int64"})
        };
        parameters.push(json!({"name": "id", "in": "path", "required": true, "schema": kind}));
    }
    if route.path.contains("{hash}") {
        let kind = json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
        parameters.push(json!({"name": "hash", "in": "path", "required": true, "schema": kind}));
    }
    let queries: &[(&str, &str)] = match route.path {
        "/v1/campaigns" if route.method == "get" => &[("kind", "string"), ("status", "string")],
        "/v1/profiles" => &[("identity", "string")],
        "/v1/profiles/{id}/events" => &[("limit", "integer"), ("before", "integer")],
        "/v1/subscriptions" => &[("limit", "integer")],
        "/v1/media" if route.method == "get" => &[("limit", "integer"), ("before", "string")],
        "/v1/media" => &[("name", "string")],
        _ => &[],
    };
    for (name, kind) in queries {
        parameters.push(
            json!({"name": name, "in": "query", "required": *name == "identity", "schema": {"type": kind}}),
        );
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    operation
}

fn operation_id(route: &Route) -> String {
    let path = route
        .path
        .trim_start_matches("/v1/")
        .replace("/{id}", "_one")
        .replace("/{hash}", "_one")
        .replace(['/', '-'], "_");
    format!("{}_{path}", route.method)
}

fn object(fields: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({"type": "object", "properties": properties})
}

fn list(of: &Value) -> Value {
    json!({"type": "array", "items": of})
}

fn schemas() -> Value {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer", "format": "int64"});
    let flag = json!({"type": "boolean"});
    let time = json!({"type": "integer", "format": "int64", "description": "milliseconds since 1970"});
    let maybe_time =
        json!({"type": ["integer", "null"], "format": "int64", "description": "milliseconds since 1970"});
    let map = json!({"type": "object", "additionalProperties": true});
    let texts = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let numbers = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    let one_of = |words: &[&str]| json!({"type": "string", "enum": words});
    let image =
        json!({"type": ["object", "null"], "properties": {"url": text, "alt": text}, "required": ["url"]});
    let popup = object(&[
        ("template", one_of(&["box"])),
        ("title", text.clone()),
        ("text", text.clone()),
        ("image", image),
        ("button", json!({"type": ["string", "null"]})),
        (
            "on_click",
            json!({"oneOf": [
                {"type": "object", "properties": {"do": {"const": "url"}, "url": text, "target": {"enum": ["same", "new"]}}, "required": ["do", "url"]},
                {"type": "object", "properties": {"do": {"const": "function"}, "name": text}, "required": ["do", "name"]},
                {"type": "object", "properties": {"do": {"const": "close"}}, "required": ["do"]},
            ]}),
        ),
        ("kv", texts.clone()),
        (
            "corner",
            one_of(&["bottom-right", "bottom-left", "top-right", "top-left"]),
        ),
        ("theme", one_of(&["auto", "light", "dark"])),
        ("accent", text.clone()),
        ("ground", text.clone()),
        ("ink", text.clone()),
        ("radius", number.clone()),
        ("language", text.clone()),
    ]);
    let action = object(&[
        ("action", text.clone()),
        ("title", text.clone()),
        ("url", text.clone()),
    ]);
    let maybe = json!({"type": ["string", "null"]});
    let media = object(&[
        ("hash", text.clone()),
        ("url", text.clone()),
        ("width", number.clone()),
        ("height", number.clone()),
        ("bytes", number.clone()),
        ("type", one_of(&["image/jpeg", "image/png", "image/webp"])),
        ("name", text.clone()),
        ("created_at", time.clone()),
        (
            "small",
            json!({"type": ["object", "null"], "properties": {"url": text, "width": number, "bytes": number}}),
        ),
    ]);
    let push = object(&[
        ("title", text.clone()),
        ("body", text.clone()),
        ("url", text.clone()),
        ("icon", maybe.clone()),
        ("image", maybe.clone()),
        ("badge", maybe.clone()),
        ("actions", list(&action)),
        ("tag", maybe.clone()),
        ("require_interaction", flag.clone()),
        ("silent", flag.clone()),
        ("language", text.clone()),
        ("ttl_seconds", number.clone()),
        ("urgency", one_of(&["very-low", "low", "normal", "high"])),
        ("kv", texts),
    ]);
    let trigger = json!({"oneOf": [
        {"type": "object", "properties": {"on": {"const": "page"}}, "required": ["on"]},
        {"type": "object", "properties": {"on": {"const": "event"}, "event": text}, "required": ["on", "event"]},
    ]});
    let caps = object(&[("session", json!({"type": ["integer", "null"]}))]);
    let mut definition = object(&[
        ("name", text.clone()),
        ("kind", one_of(&["popup", "push"])),
        ("popup", popup),
        ("push", push),
        ("trigger", trigger),
        ("caps", caps),
    ]);
    definition["required"] = json!(["name", "kind"]);
    let more = object(&[
        ("id", number.clone()),
        (
            "status",
            one_of(&["draft", "running", "sending", "sent", "stopped"]),
        ),
        ("created_at", time.clone()),
        ("changed_at", time.clone()),
        ("started_at", maybe_time.clone()),
        ("ended_at", maybe_time.clone()),
        ("counts", numbers.clone()),
    ]);
    let field_error = object(&[("field", text.clone()), ("message", text.clone())]);
    let key = object(&[
        ("id", text.clone()),
        ("name", text.clone()),
        ("tail", text.clone()),
        ("created_at", time.clone()),
        ("used_at", maybe_time.clone()),
    ]);
    let subscription = object(&[
        ("id", text.clone()),
        ("profile", number.clone()),
        ("browser", text.clone()),
        ("endpoint_host", text.clone()),
        ("state", one_of(&["live", "gone"])),
        ("reason", text.clone()),
        ("vapid_key", text.clone()),
        ("created_at", time.clone()),
        ("changed_at", time.clone()),
    ]);
    let vapid = object(&[
        ("id", text.clone()),
        ("public_key", text.clone()),
        ("created_at", time.clone()),
        ("bound", number.clone()),
    ]);
    json!({
        "Error": object(&[("error", object(&[("code", text.clone()), ("message", text.clone()), ("field", text.clone()), ("errors", list(&field_error))]))]),
        "Account": object(&[("id", text.clone()), ("name", text.clone()), ("zone", text.clone()), ("origins", list(&text)), ("created_at", time.clone())]),
        "AccountChange": object(&[("name", text.clone()), ("zone", text.clone()), ("origins", list(&text))]),
        "Definition": definition,
        "Campaign": {"allOf": [reference("Definition"), more]},
        "CampaignList": object(&[("campaigns", list(&reference("Campaign")))]),
        "Report": object(&[
            ("campaign", reference("Campaign")), ("counts", numbers.clone()), ("days", list(&map)),
            ("reasons", list(&object(&[("reason", text.clone()), ("times", number.clone())]))),
        ]),
        "Preview": object(&[("bytes", number.clone()), ("sha256", text.clone()), ("html", text.clone()), ("payload", map.clone()), ("faults", list(&field_error))]),
        "Media": media.clone(),
        "MediaList": object(&[("media", list(&media)), ("next", maybe.clone())]),
        "Profile": object(&[
            ("id", number.clone()), ("identified", flag), ("identities", map.clone()), ("properties", map.clone()), ("created_at", time.clone()),
            ("seen_at", maybe_time), ("devices", list(&map)), ("subscriptions", list(&subscription)), ("merged", list(&number)),
        ]),
        "ProfileList": object(&[("profiles", list(&reference("Profile")))]),
        "EventList": object(&[("events", list(&object(&[
            ("id", text.clone()), ("at", time.clone()), ("name", text.clone()), ("props", map), ("device", maybe),
        ])))]),
        "SubscriptionList": object(&[("total", number.clone()), ("by_browser", numbers), ("subscriptions", list(&subscription))]),
        "WebPush": object(&[("public_key", text.clone()), ("keys", list(&vapid)), ("subscriptions", number)]),
        "Install": object(&[
            ("snippet", text.clone()), ("seen", json!({"type": ["object", "null"]})),
            ("origins_seen", list(&object(&[("origin", text.clone()), ("sdk", text.clone()), ("first_at", time.clone()), ("last_at", time)]))),
        ]),
        "KeyList": object(&[("keys", list(&key))]),
        "NewKey": object(&[("name", text.clone())]),
        "MadeKey": {"allOf": [key, object(&[("key", text)])]},
    })
}
