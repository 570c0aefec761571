//! Puts the built SDK into the binary. Without a build of it the binary still compiles, so that work on Rust alone needs no Node; the server
//! then says what is missing.

use std::path::Path;
use std::{env, fs};

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let dist = Path::new("../../sdk/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    for name in [
        "clevertap.min.js",
        "clevertap.more.js",
        "clevertap.push.js",
        "clevertap.why.js",
        "clevertap.prompts.js",
        "sw_webpush.js",
        "sw_takeover.js",
        "snippet.html",
        "looks.js",
    ] {
        let from = dist.join(name);
        println!("cargo::rerun-if-changed={}", from.display());
        let bytes = fs::read(&from).unwrap_or_default();
        let to = Path::new(&out).join(name);
        // Written only when different, so that cargo does not build again for nothing.
        if fs::read(&to).ok().as_deref() != Some(&bytes) {
            fs::write(&to, bytes).expect("OUT_DIR can be written");
        }
    }
}
