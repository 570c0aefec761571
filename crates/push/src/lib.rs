//! How push services speak: bytes in, [`http::Request`] out; response in, [`campanile_core::delivery::Answer`] out.
//!
//! - [`ece`]: message encryption (RFC 8291 over RFC 8188)
//! - `p256`: the curve, for browsers of whose keys multiples are kept
//! - [`vapid`]: who the sender is (RFC 8292), signed once per key and push-service origin
//! - [`webpush`]: the request (RFC 8030) and what its answer means, with each service's peculiarities
//!
//! Left out: sockets, retries (`campanile_core::delivery::next`), storage. Invariant: nothing here reads a clock or opens a
//! connection; the only hidden input is the system's random source inside the key and signature functions that say so.

pub mod ece;
mod p256;
pub mod vapid;
pub mod webpush;

pub use ece::{BrowserKeys, Recipient, encrypt};
pub use vapid::{AuthorizationHeader, SignatureCache, Subject, VapidKey};
pub use webpush::{Options, Topic, answer, request};
