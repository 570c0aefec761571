//! Campanile: web pop-ups and web push with events, profiles, campaigns and reports, in one process.
//!
//! - [`http`] translates: bytes to core types and back. All routes stand in its `mod.rs`.
//! - [`ingest`], [`launch`], [`media`], [`report`], [`explain`], [`audience`], [`allot`], [`divide`] are the use cases; [`live`] is what they and `http` read from memory.
//! - [`tail`] tells what happens this second to whoever watches.
//! - [`store`] has the only SQL, [`queue`] the work to do, [`delivery`] writes to push services; `doctor` looks at the owner's site.
//! - [`app`] wires them, [`cli`] is the command line.
//!
//! ARCHITECTURE.md has the map and the rules of direction; a test keeps them true.

mod address;
pub mod allot;
pub mod app;
pub mod audience;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod divide;
mod doctor;
pub mod explain;
pub mod geo;
pub mod http;
pub mod import;
pub mod ingest;
pub mod launch;
pub mod live;
pub mod media;
pub mod page_link;
pub mod queue;
pub mod report;
pub mod secret;
pub mod sight;
pub mod store;
pub mod tail;
pub mod telemetry;
pub mod tls;
