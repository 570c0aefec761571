//! The pages of imports, filled: the form before and after, a file that waits for a word, an import under way and one that is done.
//!
//! Left out: the rules that pages keep (`samples`). Invariant: the values are fixed.

use super::{NOW, shell, told};
use crate::http::pages::import::{ImportPage, Listed, OneImportPage};
use crate::http::pages::{Errors, Nav};
use crate::import::reason::{Fault, Reason};
use campanile_core::FieldError;

/// Every one of them, by name.
pub(super) fn pages() -> Vec<(&'static str, Box<dyn askama::DynTemplate>)> {
    let wrong = FieldError::new(
        "file",
        "The header has no column “auth”. Its columns are: “endpoint”.",
    );
    vec![
        ("import", Box::new(form(Errors::default(), Vec::new()))),
        (
            "import-wrong",
            Box::new(form(Errors(vec![wrong]), vec![listed()])),
        ),
        ("import-checking", Box::new(one("checking", 18_000))),
        ("import-checked", Box::new(one("checked", 41_204))),
        ("import-running", Box::new(one("running", 18_000))),
        ("import-done", Box::new(one("done", 41_204))),
    ]
}

fn listed() -> Listed {
    Listed {
        id: "019ab0c1d2e3f4a5b6c7d8e9f0a1b2c3".into(),
        name: "old-provider.csv".into(),
        state: ("Waits for your word", "badge-warn"),
        rows: 41_204,
        accepted: 40_960,
        at: told().when(NOW.plus_ms(-120_000)),
    }
}

fn form(errors: Errors, imports: Vec<Listed>) -> ImportPage {
    let brought = !errors.none();
    ImportPage {
        shell: shell(Nav::People, "/people/import"),
        errors,
        ring: vec![("BNc1…".into(), "BNc1xQ0aXw2k…9sJd2Q".into(), brought)],
        brought,
        imports,
        subscriptions: 6_870,
    }
}

fn one(state_name: &'static str, read: u64) -> OneImportPage {
    let fault = Fault::new(
        "auth",
        Reason::Auth,
        "The authentication secret is not 16 bytes in base64url.",
    );
    OneImportPage {
        shell: shell(Nav::People, "/people/import/019ab0c1d2e3f4a5b6c7d8e9f0a1b2c3"),
        id: "019ab0c1d2e3f4a5b6c7d8e9f0a1b2c3".into(),
        name: "old-provider.csv".into(),
        state: ("Being looked at", "badge-info"),
        state_name,
        read,
        rows: 41_204,
        accepted: 40_960,
        reachable: 40_960,
        known: 12,
        refused: 232,
        left_out: 7,
        reasons: vec![(Reason::Auth.words(), 232, Reason::Auth.remedy())],
        keys: vec![("BNc1xQ0aXw2k…9sJd2Q".into(), 40_960)],
        remarks: vec![fault.at(17, false)],
        ignored: "shoe size".into(),
    }
}
