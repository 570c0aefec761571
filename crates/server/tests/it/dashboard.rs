//! Placeholder until the pages have handlers.
