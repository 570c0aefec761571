//! The storage waist, through its public surface, on both engines.
//!
//! Every test of a suite is instantiated for SQLite and for PostgreSQL. PostgreSQL is not optional: without
//! `CAMPANILE_TEST_POSTGRES` its half fails and says how to set it. Left out: death by `kill -9`, which the end-to-end
//! tests do with the whole binary.

#![expect(
    clippy::unwrap_used,
    reason = "a test that meets an error has failed, and the error says how"
)]

mod batches;
mod bed;
mod engines;
mod events;
mod lifecycle;
mod migrations;
mod values;
