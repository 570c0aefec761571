//! Looks at a site from outside, as a browser would that wants push there, and says what stands in the way.
//!
//! Left out: asking (`fetch`), judging (`look`), and what only a browser knows: which worker it has registered already. Invariant: asks
//! the site and the server that its worker names, nobody else, and changes nothing.

mod fetch;
mod look;

pub(crate) use crate::address::Reach;
use fetch::Browser;
use futures_util::future::{join, join_all};
pub(crate) use look::{Finding, USUAL, Weight};
use url::Url;

/// Files that a worker imports are looked at up to so many.
const MOST_IMPORTS: usize = 8;

/// What stands in the way at a page, with the worker at `worker`, a path or an address; in the order of the way. A sentence where the page
/// itself cannot be reached.
pub(crate) async fn examine(page: &Url, worker: &str, reach: Reach) -> anyhow::Result<Vec<Finding>> {
    let browser = Browser::new(reach)?;
    let page = browser.get(page.clone()).await?;
    let mut findings = look::page(&page);
    let manifest = async {
        match look::manifest_address(&page) {
            Some(address) => look::manifest(browser.get(address).await.ok().as_ref()),
            None => vec![look::no_manifest()],
        }
    };
    let ours = async {
        let address = page.address.join(worker)?;
        let answer = match browser.get(address).await {
            Ok(answer) => answer,
            // The rest is worth knowing all the same.
            Err(fault) => return anyhow::Ok(vec![look::away(&fault)]),
        };
        let imports = look::imports(&answer).into_iter().take(MOST_IMPORTS);
        let imported = imports.map(async |address| {
            let answer = browser.get(address.clone()).await.ok();
            (address, answer)
        });
        Ok(look::worker(&page, &answer, &join_all(imported).await))
    };
    let others = look::OTHERS
        .iter()
        .filter(|other| **other != worker)
        .map(async |other| {
            let answer = browser.get(page.address.join(other).ok()?).await.ok()?;
            look::other(&answer)
        });
    let ((manifest, ours), others) = join(join(manifest, ours), join_all(others)).await;
    findings.extend(manifest);
    findings.extend(ours?);
    findings.extend(others.into_iter().flatten());
    Ok(findings)
}
