//! MCS, the connection on which Chromium gets its messages (version 41).
//!
//! Frames are a tag byte, a varint length and a protobuf; both sides send the version byte once, first. Left out: messages from the
//! browser to a server, and proof of the login (any Android id may log in: the listener is on loopback). Invariant: a message is sent again on every new connection
//! until the browser has acknowledged it or has named it in its login.

use crate::proto::{Writer, fields, put_varint};
use crate::queue::{Address, Device, Parcel};
use crate::registry::Registry;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;

/// The version byte.
pub(crate) const VERSION: u8 = 41;
/// Frame tags.
pub(crate) mod tag {
    /// Either side: are you there?
    pub(crate) const HEARTBEAT_PING: u8 = 0;
    /// Either side: yes.
    pub(crate) const HEARTBEAT_ACK: u8 = 1;
    /// Browser: who I am.
    pub(crate) const LOGIN_REQUEST: u8 = 2;
    /// Service: welcome.
    pub(crate) const LOGIN_RESPONSE: u8 = 3;
    /// Either side: good-bye.
    pub(crate) const CLOSE: u8 = 4;
    /// Either side: acknowledgements.
    pub(crate) const IQ: u8 = 7;
    /// Service: a message.
    pub(crate) const DATA: u8 = 8;
}
/// Selective acknowledgement: a list of persistent ids.
const EXTENSION_SELECTIVE_ACK: u64 = 12;
/// A frame of the browser is small; a longer one is not MCS.
const MAX_FRAME_BYTES: u64 = 1 << 20;

type Frame = (u8, Vec<u8>);

/// Talks with one Chromium until it leaves or a newer connection of the same browser takes over.
pub(crate) async fn talk<S>(socket: S, registry: Arc<Registry>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (mut reader, mut writer) = tokio::io::split(socket);
    if reader.read_u8().await? != VERSION {
        return Ok(());
    }
    let (kind, login) = read_frame(&mut reader).await?;
    if kind != tag::LOGIN_REQUEST {
        return Ok(());
    }
    let Some(login) = Login::read(&login) else {
        return Ok(());
    };
    let device = registry.chromium(login.android_id);
    for id in &login.received {
        device.acknowledge(id);
    }
    let welcome = Writer::default()
        .text(1, &login.id)
        .varint(8, registry.now().ms().max(0) as u64)
        .finish();
    writer.write_u8(VERSION).await?;
    write_frame(&mut writer, tag::LOGIN_RESPONSE, &welcome).await?;
    let (number, mut changed) = device.connect();
    tracing::info!(android_id = login.android_id, "chromium connected");

    // Reading a frame takes several reads and must not be broken off by a message that goes out, so it has its own task.
    let (frames_in, mut frames) = mpsc::channel::<Frame>(16);
    let reading = tokio::spawn(async move {
        while let Ok(frame) = read_frame(&mut reader).await {
            if frames_in.send(frame).await.is_err() {
                break;
            }
        }
    });
    // The browser counts every frame it gets on this connection, the login response included.
    let mut stream = 1_u32;
    let mut result = Ok(());
    while let Some(parcels) = device.take(number, registry.now(), || {
        stream += 1;
        stream
    }) {
        for parcel in parcels {
            result = write_frame(&mut writer, tag::DATA, &data(&parcel, &registry)).await;
        }
        if result.is_err() {
            break;
        }
        tokio::select! {
            _ = changed.changed() => {}
            frame = frames.recv() => {
                let Some((kind, frame)) = frame else { break };
                match kind {
                    tag::HEARTBEAT_PING => {
                        acknowledge_stream(&device, number, &frame, 2);
                        stream += 1;
                        result = write_frame(&mut writer, tag::HEARTBEAT_ACK, &[]).await;
                    }
                    tag::HEARTBEAT_ACK => acknowledge_stream(&device, number, &frame, 2),
                    tag::IQ => acknowledge(&device, number, &frame),
                    tag::DATA => acknowledge_stream(&device, number, &frame, 11),
                    tag::CLOSE => break,
                    _ => {}
                }
                if result.is_err() {
                    break;
                }
            }
        }
    }
    device.disconnect(number);
    reading.abort();
    tracing::info!(android_id = login.android_id, "chromium left");
    result
}

struct Login {
    id: String,
    android_id: u64,
    received: Vec<String>,
}

impl Login {
    fn read(frame: &[u8]) -> Option<Self> {
        let (mut id, mut user, mut received) = (String::new(), String::new(), Vec::new());
        for (field, value) in fields(frame) {
            match field {
                1 => id = value.text(),
                3 => user = value.text(),
                10 => received.push(value.text()),
                _ => {}
            }
        }
        Some(Self {
            id,
            android_id: user.parse().ok()?,
            received,
        })
    }
}

fn acknowledge(device: &Device, number: u64, frame: &[u8]) {
    acknowledge_stream(device, number, frame, 10);
    for (_, extension) in fields(frame).filter(|(field, _)| *field == 7) {
        let parts: Vec<_> = fields(extension.bytes()).collect();
        if parts
            .iter()
            .any(|(field, value)| *field == 1 && value.number() == EXTENSION_SELECTIVE_ACK)
        {
            for (_, data) in parts.iter().filter(|(field, _)| *field == 2) {
                for (_, id) in fields(data.bytes()).filter(|(field, _)| *field == 1) {
                    device.acknowledge(&id.text());
                }
            }
        }
    }
}

fn acknowledge_stream(device: &Device, number: u64, frame: &[u8], field: u32) {
    if let Some((_, last)) = fields(frame).find(|(candidate, _)| *candidate == field) {
        device.acknowledge_stream(number, u32::try_from(last.number()).unwrap_or(0));
    }
}

/// A DataMessageStanza.
fn data(parcel: &Parcel, registry: &Registry) -> Vec<u8> {
    let Address::Chromium { app, subtype, sender } = &*parcel.address else {
        return Vec::new();
    };
    let pair = |key: &str, value: &str| Writer::default().text(1, key).text(2, value);
    let mut stanza = Writer::default()
        .text(2, &parcel.id)
        .text(3, sender)
        .text(4, "")
        .text(5, app);
    stanza = stanza.message(7, &pair("subtype", subtype));
    if !parcel.coding.encoding.is_empty() {
        stanza = stanza.message(7, &pair("content-encoding", &parcel.coding.encoding));
    }
    if let Some(encryption) = &parcel.coding.encryption {
        stanza = stanza.message(7, &pair("encryption", encryption));
    }
    if let Some(key) = &parcel.coding.crypto_key {
        stanza = stanza.message(7, &pair("crypto-key", key));
    }
    stanza = stanza
        .text(9, &parcel.id)
        .varint(17, u64::from(parcel.ttl_seconds))
        .varint(18, registry.now().ms().max(0) as u64);
    if !parcel.body.is_empty() {
        stanza = stanza.bytes(21, &parcel.body);
    }
    stanza.varint(24, 1).finish()
}

async fn read_frame(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Frame> {
    let kind = reader.read_u8().await?;
    let mut length = 0_u64;
    for shift in (0..35).step_by(7) {
        let byte = reader.read_u8().await?;
        length |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    if length > MAX_FRAME_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the frame is too long",
        ));
    }
    let mut frame = vec![0; length as usize];
    reader.read_exact(&mut frame).await?;
    Ok((kind, frame))
}

async fn write_frame(writer: &mut (impl AsyncWrite + Unpin), kind: u8, frame: &[u8]) -> io::Result<()> {
    let mut bytes = vec![kind];
    put_varint(&mut bytes, frame.len() as u64);
    bytes.extend_from_slice(frame);
    writer.write_all(&bytes).await?;
    writer.flush().await
}
