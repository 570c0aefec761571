//! What is true in Campanile: the nouns, how they meet, and the rules that hold between them.
//!
//! - An **account** is one site. Its **profiles** are people; a **device** is one browser of a profile, and each device
//!   has at most one running **session**. What people do arrives as **events**.
//! - A **campaign** is a message, the people it is for and the moment: a web **pop-up** (decided in the visitor's own
//!   request by [`decide`]) or a **push** notification (fanned out over **subscriptions**).
//! - An **impression** is one pop-up handed to one device; a **send** is one push for one subscription. Both are counted once.
//!
//! Left out on purpose: I/O, clocks and randomness. `now` and random bytes are arguments, so every rule here can be
//! replayed. Invariant: a value of a type of this crate is valid; bad input stops in `parse`.

pub mod account;
pub mod activity;
pub mod alarm;
pub mod asking;
pub mod campaign;
pub mod caps;
pub mod cause;
pub mod decide;
pub mod delivery;
pub mod event;
pub mod experiment;
pub mod goal;
pub mod id;
pub mod ledger;
pub mod liquid;
pub mod notification;
pub mod popup;
pub mod profile;
pub mod push_log;
pub mod push_plan;
pub mod push_when;
pub mod rule;
pub mod schedule;
pub mod segment;
pub mod silence;
pub mod stats;
pub mod subscription;
pub mod time;
pub mod trigger;
pub mod uplift;
pub mod winner;
pub mod wire;

mod field;
pub use field::FieldError;
