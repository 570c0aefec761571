//! Why a row of an import is not taken, or a field of it left out: a code for programs, a remedy for people.
//!
//! Left out: finding out (`row`). Invariant: a code is never changed, and a message holds neither endpoint nor secret.

use crate::store::imports::ImportRemark;
use serde::{Deserialize, Serialize};

/// Longest message that is kept, characters.
const MAX_MESSAGE: usize = 500;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Not UTF-8, or with characters that no text has.
    Text,
    /// Longer than is read.
    TooLong,
    /// No JSON object.
    Json,
    /// Another number of cells than the header has.
    Cells,
    /// The endpoint is missing or no web address of https.
    Endpoint,
    /// The endpoint's host is no push service that is known.
    Host,
    /// The public key of the browser.
    P256dh,
    /// The secret of the browser.
    Auth,
    /// The same endpoint stands further up.
    Duplicate,
    /// With which VAPID pair it was made is not said.
    KeyMissing,
    /// It was made with a VAPID pair that is not in the ring.
    KeyUnknown,
    /// A device token of Safari.
    SafariToken,
    /// A token of the FCM SDK.
    FcmToken,
    /// A state that there is not.
    State,
    /// An identity, e-mail or phone number.
    Identity,
    /// A moment.
    Moment,
    /// Properties.
    Properties,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 17] = [
        Self::Text,
        Self::TooLong,
        Self::Json,
        Self::Cells,
        Self::Endpoint,
        Self::Host,
        Self::P256dh,
        Self::Auth,
        Self::Duplicate,
        Self::KeyMissing,
        Self::KeyUnknown,
        Self::SafariToken,
        Self::FcmToken,
        Self::State,
        Self::Identity,
        Self::Moment,
        Self::Properties,
    ];

    /// Its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::TooLong => "too_long",
            Self::Json => "json",
            Self::Cells => "cells",
            Self::Endpoint => "endpoint",
            Self::Host => "host",
            Self::P256dh => "p256dh",
            Self::Auth => "auth",
            Self::Duplicate => "duplicate",
            Self::KeyMissing => "key_missing",
            Self::KeyUnknown => "key_unknown",
            Self::SafariToken => "safari_token",
            Self::FcmToken => "fcm_token",
            Self::State => "state",
            Self::Identity => "identity",
            Self::Moment => "moment",
            Self::Properties => "properties",
        }
    }

    /// The one of that code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == code)
    }

    /// In a few words, for a table.
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "Not readable as UTF-8 text",
            Self::TooLong => "Row too long",
            Self::Json => "Not a JSON object",
            Self::Cells => "Other number of cells than the header",
            Self::Endpoint => "No endpoint",
            Self::Host => "Not a known push service",
            Self::P256dh => "Wrong p256dh",
            Self::Auth => "Wrong auth",
            Self::Duplicate => "Twice in the file",
            Self::KeyMissing => "VAPID pair not named",
            Self::KeyUnknown => "VAPID pair not in the key ring",
            Self::SafariToken => "Safari device token",
            Self::FcmToken => "FCM registration token",
            Self::State => "Unknown state",
            Self::Identity => "Identity left out",
            Self::Moment => "Moment left out",
            Self::Properties => "Property left out",
        }
    }

    /// What can be done about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Text => "Save the file as UTF-8 without control characters and import it again.",
            Self::TooLong => "Look for a quote that is never closed, or leave columns out.",
            Self::Json => "Write one JSON object in each line, nothing else.",
            Self::Cells => "Put cells with a separator, a quote or a line break in them into double quotes.",
            Self::Endpoint => {
                "Give the subscription's endpoint as the browser had it, beginning with https://."
            }
            Self::Host => "If it is a push service, add its host to push.hosts in the configuration.",
            Self::P256dh => {
                "Give p256dh as the browser had it: 65 bytes of a point on P-256, in base64url. It cannot be made up or fetched later."
            }
            Self::Auth => {
                "Give auth as the browser had it: 16 bytes in base64url. It cannot be made up or fetched later."
            }
            Self::Duplicate => {
                "The first of them counts. Leave this row out, or the first, if that one is refused."
            }
            Self::KeyMissing => {
                "Give vapid_public_key in the row, or say for the whole file which pair it was made with."
            }
            Self::KeyUnknown => {
                "Bring the pair's private key along first. Without it nobody can write to this subscription; its browser is asked for a new one at its next visit."
            }
            Self::SafariToken => {
                "Device tokens of Safari's push before Web Push cannot be imported yet. Safari's Web Push endpoints (web.push.apple.com) can."
            }
            Self::FcmToken => {
                "A token of the FCM SDK is no subscription. Export endpoint, p256dh and auth, or let the browsers subscribe anew at their next visit."
            }
            Self::State => "Write live, aside or gone, or leave it out.",
            Self::Identity => {
                "The subscription was taken without it. Mend it and let your page log the person in."
            }
            Self::Moment => {
                "The subscription was taken without it. Write 2026-03-02T10:00:00Z, or milliseconds or seconds since 1970."
            }
            Self::Properties => "The subscription was taken without it.",
        }
    }
}

/// What is wrong with a row whose number is known elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which field; empty for the whole row.
    pub field: &'static str,
    /// Why.
    pub reason: Reason,
    /// What is wrong.
    pub message: String,
}

impl Fault {
    /// Says `message` of a field.
    pub fn new(field: &'static str, reason: Reason, message: impl Into<String>) -> Self {
        Self {
            field,
            reason,
            message: message.into(),
        }
    }

    /// As it is noted of a row; `kept`: the row was taken without the field.
    pub fn at(self, line: u32, kept: bool) -> ImportRemark {
        ImportRemark {
            line,
            field: self.field.to_owned(),
            reason: self.reason.as_str().to_owned(),
            // What a row holds stands in some messages, and no text of the store takes every sign.
            message: self
                .message
                .chars()
                .filter(|sign| !sign.is_control())
                .take(MAX_MESSAGE)
                .collect(),
            kept,
        }
    }
}
