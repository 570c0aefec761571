//! Whether the time of a message tells anything of its private number: the test of dudect (<https://eprint.iacr.org/2016/1123>).
//!
//! `cargo run --release -p campanile-push --example timing [MESSAGES]`. By turns in a random order, messages with one fixed private number and
//! with random ones are timed; Welch's t says whether both kinds take the same time. |t| above 4.5 is a reason to look; more messages
//! make a small difference visible. Left out: a proof. Invariant: what is not the product of keys (drawing and checking the number) is outside of the
//! time that is taken, and both kinds of messages are the same but for their number.

use aws_lc_rs::rand::fill;
use campanile_push::BrowserKeys;
use campanile_push::ece::{Ephemeral, Padding, Recipient, encrypt_with, multiples};
use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

type Fault = Box<dyn std::error::Error>;

/// Shares of the fastest messages that are looked at: what is slower was interrupted.
const SHARES: [f64; 4] = [0.3, 0.5, 0.8, 0.95];

#[expect(clippy::disallowed_methods, reason = "numbers that are nobody's key")]
fn drawn() -> Result<[u8; 32], Fault> {
    let mut bytes = [0; 32];
    fill(&mut bytes)?;
    Ok(bytes)
}

#[expect(clippy::disallowed_methods, reason = "the time that something takes")]
fn now() -> Instant {
    Instant::now()
}

/// Mean, variance over number.
fn spread(times: &[f64]) -> (f64, f64) {
    let n = times.len() as f64;
    let mean = times.iter().sum::<f64>() / n;
    let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance / n)
}

fn main() -> Result<(), Fault> {
    let messages: usize = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let browser = BrowserKeys::generate()?;
    let recipient = Recipient::with_multiples(browser.keys(), Some(&multiples(browser.keys())?))?;
    let mut out = std::io::stdout().lock();
    // Few ones, many ones, and one of the random kind.
    let mut few = [0; 32];
    few[31] = 3;
    let mut many = [0xff; 32];
    many[0] = 0x7f;
    for (name, fixed) in [("few ones", few), ("many ones", many), ("random", drawn()?)] {
        let mut times: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
        for _ in 0..messages {
            let random = drawn()?;
            let kind = usize::from(random[31] & 1);
            // Both kinds draw and copy the same.
            let number = [fixed, random][kind];
            let (Ok(ephemeral), salt) = (Ephemeral::from_scalar(&number), [7; 16]) else {
                continue;
            };
            let before = now();
            black_box(encrypt_with(
                &recipient,
                b"twelve pots",
                ephemeral,
                salt,
                Padding::Buckets,
            )?);
            times[kind].push(before.elapsed().as_nanos() as f64);
        }
        let mut all = times.concat();
        all.sort_by(f64::total_cmp);
        for share in SHARES {
            let most = all[(all.len() as f64 * share) as usize];
            let [fixed, random] = [0, 1].map(|kind| {
                let kept: Vec<f64> = times[kind].iter().copied().filter(|time| *time <= most).collect();
                spread(&kept)
            });
            let t = (fixed.0 - random.0) / (fixed.1 + random.1).sqrt();
            writeln!(
                out,
                "{name}: of the fastest {:.0} %: fixed {:.1} ns, random {:.1} ns, t = {t:.2}",
                share * 100.0,
                fixed.0,
                random.0
            )?;
        }
    }
    Ok(())
}
