//! The WebSocket protocol that Firefox speaks with its push service (autopush).
//!
//! `hello`, `register`, `unregister`, `broadcast_subscribe`, `ack`, `nack` and the empty ping; messages go out as `notification`.
//! Left out: broadcasts (none are ever sent), quotas. Invariant: a notification is sent again on every new connection until it
//! is acknowledged.

use crate::queue::{Address, Device, Parcel};
use crate::registry::Registry;
use crate::service::Service;
use axum::extract::ws::{Message, WebSocket};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_core::subscription::decode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The WebSocket subprotocol that Firefox asks for.
pub(crate) const SUBPROTOCOL: &str = "push-notification";

#[derive(Deserialize)]
#[serde(tag = "messageType", rename_all = "snake_case")]
enum FromBrowser {
    Hello {
        uaid: Option<String>,
    },
    Register {
        #[serde(rename = "channelID")]
        channel: String,
        key: Option<String>,
    },
    Unregister {
        #[serde(rename = "channelID")]
        channel: String,
    },
    BroadcastSubscribe {},
    Ack {
        #[serde(default)]
        updates: Vec<Update>,
    },
    Nack {
        version: Option<String>,
    },
    Ping {},
}

#[derive(Deserialize)]
struct Update {
    version: String,
    code: Option<u32>,
}

/// Talks with one Firefox until it leaves or a newer connection of the same browser takes over.
pub(crate) async fn talk(mut socket: WebSocket, registry: Arc<Registry>) {
    let Some(uaid) = hello(&mut socket).await else {
        return;
    };
    let (uaid, device) = registry.firefox(uaid.as_deref());
    let welcome =
        json!({"messageType": "hello", "status": 200, "uaid": uaid, "use_webpush": true, "broadcasts": {}});
    if send(&mut socket, &welcome).await.is_err() {
        return;
    }
    let (number, mut changed) = device.connect();
    tracing::info!(uaid, "firefox connected");
    while let Some(parcels) = device.take(number, registry.now(), || 0) {
        let mut alive = true;
        for parcel in parcels {
            alive = alive && send(&mut socket, &notification(&parcel)).await.is_ok();
        }
        if !alive {
            break;
        }
        tokio::select! {
            _ = changed.changed() => {}
            frame = socket.recv() => {
                let Some(Ok(frame)) = frame else { break };
                let Some(answer) = answer(&frame, &registry, &device) else { break };
                if !answer.is_null() && send(&mut socket, &answer).await.is_err() {
                    break;
                }
            }
        }
    }
    device.disconnect(number);
    tracing::info!(uaid, "firefox left");
}

/// Waits for `hello`; gives the uaid that the browser says, if any. `None` when something else came.
async fn hello(socket: &mut WebSocket) -> Option<Option<String>> {
    loop {
        match socket.recv().await?.ok()? {
            Message::Text(text) => match serde_json::from_str(&text).ok()? {
                FromBrowser::Hello { uaid } => return Some(uaid.filter(|uaid| !uaid.is_empty())),
                _ => return None,
            },
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Binary(_) | Message::Close(_) => return None,
        }
    }
}

/// The answer to a frame: null for none, `None` to hang up.
fn answer(frame: &Message, registry: &Registry, device: &Arc<Device>) -> Option<Value> {
    let text = match frame {
        Message::Text(text) => text.as_str(),
        Message::Ping(_) | Message::Pong(_) => return Some(Value::Null),
        Message::Binary(_) | Message::Close(_) => return None,
    };
    if text.trim() == "{}" {
        return Some(json!({}));
    }
    let Ok(message) = serde_json::from_str(text) else {
        tracing::warn!(text, "not a message of the push protocol");
        return None;
    };
    Some(match message {
        FromBrowser::Hello { .. } => return None,
        FromBrowser::Register { channel, key } => register(registry, device, &channel, key.as_deref()),
        FromBrowser::Unregister { channel } => {
            registry.unsubscribe_device(device, |name| name == channel);
            json!({"messageType": "unregister", "channelID": channel, "status": 200})
        }
        FromBrowser::BroadcastSubscribe {} => Value::Null,
        FromBrowser::Ack { updates } => {
            for Update { version, code } in updates {
                device.acknowledge(&version);
                // 100 delivered, 101 not decryptable, 102 the worker threw.
                tracing::debug!(version, code, "firefox acknowledged");
            }
            Value::Null
        }
        FromBrowser::Nack { version } => {
            if let Some(version) = version {
                device.acknowledge(&version);
            }
            Value::Null
        }
        FromBrowser::Ping {} => json!({"messageType": "ping"}),
    })
}

fn register(registry: &Registry, device: &Arc<Device>, channel: &str, key: Option<&str>) -> Value {
    let vapid = match key {
        None => None,
        Some(text) => match decode(text).and_then(|bytes| <[u8; 65]>::try_from(bytes).ok()) {
            Some(key) => Some(key),
            None => return json!({"messageType": "register", "channelID": channel, "status": 400}),
        },
    };
    let address = Address::Firefox {
        channel: channel.to_owned(),
    };
    let subscription =
        registry.subscribe_device(device, channel.to_owned(), Service::Mozilla, vapid, address);
    let endpoint = Service::Mozilla.endpoint(&subscription.token);
    tracing::info!(endpoint, "firefox subscribed");
    json!({"messageType": "register", "channelID": channel, "status": 200, "pushEndpoint": endpoint})
}

fn notification(parcel: &Parcel) -> Value {
    let channel = match &*parcel.address {
        Address::Firefox { channel } => channel.as_str(),
        Address::Chromium { .. } | Address::Virtual => "",
    };
    let mut message = json!({"messageType": "notification", "channelID": channel, "version": parcel.id});
    if !parcel.body.is_empty() {
        let mut headers = json!({"encoding": parcel.coding.encoding});
        if let Some(encryption) = &parcel.coding.encryption {
            headers["encryption"] = json!(encryption);
        }
        if let Some(key) = &parcel.coding.crypto_key {
            headers["crypto_key"] = json!(key);
        }
        message["headers"] = headers;
        message["data"] = json!(URL_SAFE_NO_PAD.encode(&parcel.body));
    }
    message
}

async fn send(socket: &mut WebSocket, message: &Value) -> Result<(), axum::Error> {
    socket.send(Message::Text(message.to_string().into())).await
}
