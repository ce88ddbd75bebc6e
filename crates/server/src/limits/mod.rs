//! How much of the server one may take.

mod rates;

use std::time::Duration;

pub use rates::{Rate, Rates};

/// The limits of a server.
#[derive(Debug, Clone)]
pub struct LimitOptions {
    /// Requests of one principal a second, and how many may come at once.
    pub principal: Rate,
    /// Requests of everybody a second, and how many may come at once.
    pub everybody: Rate,
    /// Requests that are worked on at the same time; more wait for nothing and are refused.
    pub concurrency: usize,
    /// Streams of events that are open at the same time.
    pub streams: usize,
    /// Longest address, query included, in bytes.
    pub address_bytes: usize,
    /// Longest headers together, in bytes.
    pub header_bytes: usize,
    /// Longest body, in bytes.
    pub body_bytes: usize,
    /// Longest time until an answer begins.
    pub time: Duration,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            principal: Rate {
                per_second: 50,
                at_once: 200,
            },
            everybody: Rate {
                per_second: 2_000,
                at_once: 4_000,
            },
            concurrency: 512,
            streams: 256,
            address_bytes: 20 << 10,
            header_bytes: 16 << 10,
            body_bytes: 8 << 20,
            time: Duration::from_secs(90),
        }
    }
}
