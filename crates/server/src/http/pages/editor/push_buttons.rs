//! The composer's buttons: places that can be filled, moved and emptied, with script or without.
//!
//! Left out: reading them (`forms`). Invariant: what moves a button moves all of it.

use super::control::Fields;
use crate::http::pages::forms::{BUTTONS, PushForm, button, reorder};
use campanile_core::notification::support::Support;

/// One place for a button.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The names of its inputs: the button's own name, its words, its address.
    pub(crate) names: [String; 3],
    /// What is typed there, in that order.
    pub(crate) values: [String; 3],
    /// What is wrong with words and address.
    pub(crate) wrong: [Option<String>; 2],
}

/// The places.
#[derive(Debug, Clone)]
pub(crate) struct Buttons(pub(crate) Vec<Place>);

impl Buttons {
    /// The places of what is typed.
    pub(crate) fn new(fields: &Fields<'_>) -> Self {
        let place = |at: usize| {
            let names = ["action", "title", "url"].map(|part| button(at, part));
            let [_, title, url] = &names;
            Place {
                wrong: [fields.fault(title), fields.fault(url)],
                values: names.each_ref().map(|name| fields.typed.get(name).to_owned()),
                names,
            }
        };
        Self((0..BUTTONS).map(place).collect())
    }

    /// The places whose buttons a browser shows.
    pub(crate) fn shown_by(&self, support: &Support) -> &[Place] {
        &self.0[..support.buttons.min(self.0.len())]
    }
}

/// Does what was asked of the buttons; says whether anything was.
pub(super) fn arrange(form: &mut PushForm) -> bool {
    let Some((deed, at)) = form
        .then
        .strip_prefix("button:")
        .and_then(|then| then.split_once(':'))
    else {
        return false;
    };
    let Some(at) = at.parse().ok().filter(|at| *at < BUTTONS) else {
        return false;
    };
    let mut order: Vec<usize> = (0..BUTTONS).collect();
    match deed {
        "up" if at > 0 => order.swap(at, at - 1),
        "down" if at + 1 < BUTTONS => order.swap(at, at + 1),
        "remove" => {
            order.remove(at);
        }
        _ => {}
    }
    reorder(&mut form.plan, &order);
    true
}
