//! The lab as its users meet it: senders over HTTP/2, Firefox's WebSocket, Chromium's check-in and message connection.

mod chromium;
mod connections;
mod firefox;
mod sender;
mod service;
