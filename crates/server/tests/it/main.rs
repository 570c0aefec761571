//! The product through the surfaces that users touch: HTTP and the command line, on both engines.
//!
//! Every test of [`engines`] runs on SQLite and on PostgreSQL; without `CAMPANILE_TEST_POSTGRES` the second half fails and says how to set it.
//! Push services are the lab's: real TLS, real HTTP/2, real decryption. Left out: browsers (`e2e/`), the storage waist by itself
//! (`tests/store`). Invariant: a test drives clock and sender by hand and leaves no job behind, or fails.

#![expect(
    clippy::unwrap_used,
    reason = "a test that meets an error has failed, and the error says how"
)]

mod api;
mod asking;
mod bed;
mod bounds;
mod command_line;
mod composer;
mod connections;
mod dashboard;
mod doctor;
mod editor;
mod editor_edges;
mod experiments;
mod faults;
mod geo;
mod hostile;
mod import_form;
mod imports;
mod insight;
mod keys;
mod leases;
mod led;
mod limits;
mod live;
mod media;
mod messages;
mod moving;
mod outages;
mod people;
mod popups;
mod progress;
mod push_alarms;
mod push_experiments;
mod push_plans;
mod push_reports;
mod push_requests;
mod push_tests;
mod push_when;
mod pushes;
mod scale;
mod serving;
mod why;
mod wire;
mod workers;

/// Instantiates each test for both engines.
#[macro_export]
macro_rules! engines {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] $(#[$meta])*
            async fn $name() { let bed = $crate::bed::Bed::sqlite().await; super::$name(&bed).await; bed.end().await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] $(#[$meta])*
            async fn $name() { let bed = $crate::bed::Bed::postgres().await; super::$name(&bed).await; bed.end().await; })+
        }
    };
}
