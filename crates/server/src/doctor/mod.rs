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
        let answer = browser.get(page.address.join(worker)?).await?;
        let mut findings = look::worker(&page, &answer);
        if let Some(server) = look::imported(&answer) {
            let given_out = browser.get(server.clone()).await.ok();
            findings.push(look::server(&server, given_out.as_ref()));
        }
        anyhow::Ok(findings)
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
