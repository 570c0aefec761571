//! `/api/openapi.json`: OpenAPI 3.1, made from the table of routes.
//!
//! Left out: the schemas (`schemas`), and prose that belongs into the guide. Invariant: a path is here if and only if it is served.

use super::schemas::schemas;
use super::{ROUTES, Route};
use axum::Json;
use campanile_core::alarm::Alarm;
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

/// A schema by its name.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn content(name: &str) -> Value {
    json!({"application/json": {"schema": reference(name)}})
}

fn operation(route: &Route) -> Value {
    let mut responses = Map::new();
    let good = match route.gives {
        "" => json!({"description": "Done"}),
        "Csv" => json!({"description": "Done", "content": {"text/csv": {}}}),
        "SubscriptionFile" => {
            json!({"description": "Done", "content": {"application/x-ndjson": {}, "text/csv": {}}})
        }
        // Each event's data is a line.
        "LiveStream" => {
            json!({"description": "Events until the listener leaves", "content": {"text/event-stream": {"schema": reference("LiveLine")}}})
        }
        name => json!({"description": "Done", "content": content(name)}),
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
        "SubscriptionFile" => {
            let kinds = json!({"application/x-ndjson": {}, "text/csv": {}});
            operation["requestBody"] = json!({"required": true, "content": kinds});
        }
        name => operation["requestBody"] = json!({"required": true, "content": content(name)}),
    }
    let mut parameters = Vec::new();
    if route.path.contains("{id}") {
        let kind = if route.path.starts_with("/v1/keys")
            || route.path.starts_with("/v1/devices")
            || route.path.starts_with("/v1/subscriptions")
        {
            json!({"type": "string"})
        } else {
            json!({"type": "integer", "format": "int64"})
        };
        parameters.push(json!({"name": "id", "in": "path", "required": true, "schema": kind}));
    }
    if route.path.contains("{kind}") {
        let kind = json!({"type": "string", "enum": Alarm::ALL.map(Alarm::as_str)});
        parameters.push(json!({"name": "kind", "in": "path", "required": true, "schema": kind}));
    }
    if route.path.contains("{hash}") {
        let kind = json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
        parameters.push(json!({"name": "hash", "in": "path", "required": true, "schema": kind}));
    }
    let queries: &[(&str, &str)] = match route.path {
        "/v1/campaigns" if route.method == "get" => {
            &[("kind", "string"), ("status", "string"), ("archived", "string")]
        }
        "/v1/campaigns/{id}/report" | "/v1/campaigns/{id}/report.csv" => &[("revision", "integer")],
        "/v1/campaigns/{id}/deliveries" => &[("state", "string"), ("limit", "integer"), ("after", "string")],
        "/v1/campaigns/{id}/deliveries.csv" => &[("state", "string")],
        "/v1/campaigns/{id}/answers" => &[("limit", "integer"), ("before", "string")],
        "/v1/profiles/{id}/why" | "/v1/devices/{id}/why" => &[
            ("url", "string"),
            ("referrer", "string"),
            ("event", "string"),
            ("props", "string"),
            ("device", "string"),
        ],
        "/v1/profiles" => &[("identity", "string")],
        "/v1/profiles/{id}/events" => &[("limit", "integer"), ("before", "integer")],
        "/v1/subscriptions" => &[("limit", "integer")],
        "/v1/subscriptions/export" => &[("format", "string")],
        "/v1/subscriptions/imports" if route.method == "post" => &[
            ("format", "string"),
            ("dry_run", "boolean"),
            ("key", "string"),
            ("name", "string"),
        ],
        "/v1/live" => &[
            ("kind", "string"),
            ("campaign", "integer"),
            ("profile", "integer"),
            ("search", "string"),
            ("most", "integer"),
            ("after", "string"),
        ],
        "/v1/media" if route.method == "get" => &[("limit", "integer"), ("before", "string")],
        "/v1/media" => &[("name", "string")],
        _ => &[],
    };
    if route.path == "/v1/campaigns/{id}/send" {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "description": "the same request with the same key is taken once and gets the first answer",
        }));
    }
    for (name, kind) in queries {
        // A browser is asked about by its own id.
        if *name == "device" && route.path.starts_with("/v1/devices") {
            continue;
        }
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
        .replace("/{kind}", "_one")
        .replace(['/', '-', '.'], "_");
    format!("{}_{path}", route.method)
}
