//! The stage: the very bytes that a visitor gets, placed as the page places them.
//!
//! Left out: drawing (`campanile_core::popup`) and placing pixels (the style sheet and `stage.js`). Invariant: without a switch the bytes
//! are those that this person would get; where a person's data does not suffice the words are shown as they were written, and it is said.

use super::plan::Reach;
use crate::http::error::Error;
use crate::http::pages::desk::Desk;
use crate::http::pages::format;
use crate::secret;
use crate::sight::{Place, Sight};
use crate::store::profiles::{DeviceRow, DeviceState, ProfileRow, SessionState};
use campanile_core::activity::Activity;
use campanile_core::decide::{Moment, Words};
use campanile_core::id::{CampaignId, Id, Ordinal};
use campanile_core::ledger::Ledger;
use campanile_core::popup::{Display, HandOut, Popup, Prepared, Template, Theme, is_right_to_left};
use campanile_core::profile::{Identity, IdentityKind};
use campanile_core::segment::Rules;
use campanile_core::time::Day;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The sample person, as the stage names it.
pub(crate) const SAMPLE: &str = "Sample person";
/// Nobody, as the stage names it.
pub(crate) const NOBODY: &str = "Somebody new";
/// Visitors that are looked at for names of properties.
pub(crate) const LOOKED_AT: u32 = 60;
/// Visitors of whom an audience's share is told.
pub(crate) const COUNTED: u32 = 1000;
/// Known people that the stage offers.
const OFFERED: usize = 6;

/// How the message is looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Switches {
    /// `light`, `dark`, or as it is.
    pub(crate) theme: String,
    /// `rtl`, `ltr`, or as its language has it.
    pub(crate) direction: String,
    /// Who looks: [`SAMPLE`], [`NOBODY`] or an identity.
    pub(crate) seen_as: String,
}

impl Switches {
    /// Whether the bytes are not quite those that a visitor gets.
    fn changes(&self, popup: &Popup) -> bool {
        (matches!(self.theme.as_str(), "light" | "dark") && self.theme != popup.theme.as_str())
            || (self.direction == "rtl") != is_right_to_left(&popup.language) && !self.direction.is_empty()
    }

    fn apply(&self, popup: &Popup) -> Popup {
        let mut popup = popup.clone();
        match self.theme.as_str() {
            "light" => popup.theme = Theme::Light,
            "dark" => popup.theme = Theme::Dark,
            _ => {}
        }
        match (self.direction.as_str(), is_right_to_left(&popup.language)) {
            ("rtl", false) => "ar".clone_into(&mut popup.language),
            ("ltr", true) => "en".clone_into(&mut popup.language),
            _ => {}
        }
        popup
    }
}

/// A message that was drawn.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    /// Its document.
    pub(crate) html: String,
    /// How the page places it.
    pub(crate) display: Display,
    /// What is to be said of it.
    pub(crate) note: String,
    /// Whether something is missing in it.
    pub(crate) lacks: bool,
}

impl Drawn {
    /// SHA-256 of the bytes, hex.
    pub(crate) fn sum(&self) -> String {
        secret::hex(&secret::sha256(self.html.as_bytes()))
    }

    /// The size in words.
    pub(crate) fn size(&self) -> String {
        format::size(self.html.len() as u64)
    }

    /// What the stage's script is told.
    pub(crate) fn told(&self) -> Value {
        json!({
            "html": self.html, "display": self.display, "sha256": self.sum(), "size": self.size(), "note": self.note,
            "lacks": self.lacks,
        })
    }
}

/// Draws a message as somebody sees it.
pub(crate) async fn draw(desk: &Desk, popup: &Popup, switches: &Switches) -> Result<Drawn, Error> {
    let shown = switches.apply(popup);
    let (device, profile) = person(desk, &switches.seen_as).await?;
    let place = Place {
        url: format!("{}/", desk.home()),
        title: desk.account().name.clone(),
        can_show: true,
        ..Place::default()
    };
    let sight = Sight::new(&desk.site, &device, &profile, &place, false, desk.now);
    let seen = sight.visitor();
    let filled = Prepared::new(shown.clone())
        .map_err(|fault| fault.message)
        .and_then(|prepared| {
            prepared
                .fill(&Words::new(&seen, Moment::Page))
                .map_err(|fault| fault.reason)
        });
    let (filled, html, lacks) = match filled {
        Ok((filled, html)) => (filled, html, None),
        Err(reason) => (shown.clone(), shown.html(), Some(reason)),
    };
    let note = match &lacks {
        Some(reason) => format!("As it was written. {reason}"),
        None if switches.changes(popup) => "Forced for this look; visitors get their own".to_owned(),
        None if popup.template == Template::Custom => {
            "These are the bytes the visitor gets; their scripts run on your site, not here".to_owned()
        }
        None => "These are the bytes the visitor gets".to_owned(),
    };
    Ok(Drawn {
        display: display(&filled, &html, desk),
        html,
        note,
        lacks: lacks.is_some(),
    })
}

/// How the page places a message.
fn display(popup: &Popup, html: &str, desk: &Desk) -> Display {
    let hand_out = HandOut {
        campaign: CampaignId(0),
        day: Day::of(desk.now, &desk.account().zone),
        impression: nobodys_id(),
        lease_ms: 0,
    };
    popup.message(html, hand_out).display
}

fn nobodys_id() -> Id {
    Id::from_bytes(&[0; 16]).expect("an id is sixteen bytes")
}

/// Whom a message is shown as, by one of [`people`]'s names.
pub(crate) async fn person(desk: &Desk, wanted: &str) -> Result<(DeviceRow, ProfileRow), Error> {
    let account = &desk.account().id;
    let device = DeviceRow {
        id: nobodys_id(),
        ordinal: Ordinal(0),
        version: 1,
        state: DeviceState {
            session: SessionState {
                pages: 1,
                number: 1,
                ..SessionState::default()
            },
            kind: "desktop".to_owned(),
            ..DeviceState::default()
        },
        created_at: desk.now,
        seen_at: desk.now,
    };
    let named = |properties: Map<String, Value>| ProfileRow {
        ordinal: Ordinal(0),
        identified: !properties.is_empty(),
        properties,
        version: 1,
        created_at: desk.now,
        activity: Activity::default(),
        ledger: Ledger::default(),
    };
    let wanted = wanted.trim();
    if wanted == NOBODY {
        return Ok((device, named(Map::new())));
    }
    if !wanted.is_empty() && wanted != SAMPLE {
        for kind in IdentityKind::ALL {
            let Ok(identity) = Identity::parse(kind, &json!(wanted)) else {
                continue;
            };
            if let Some(owner) = desk.app.store.identity_owner(account, &identity).await?
                && let Some(profile) = desk.app.store.profile(account, owner).await?
            {
                return Ok((device, profile));
            }
        }
    }
    let sample = json!({"Name": "Ana Duarte", "Email": "ana@example.com", "Tier": "gold", "City": "Porto"});
    Ok((device, named(sample.as_object().cloned().unwrap_or_default())))
}

/// The stage of a page.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    /// The message.
    pub(crate) drawn: Drawn,
    /// Whom it can be shown as.
    pub(crate) people: Vec<String>,
    /// Nonce that takes the place of the message's.
    pub(crate) nonce: String,
    /// Whether it is shown on a phone at first.
    pub(crate) phone: bool,
}

impl Stage {
    /// The frame's document, with this page's nonce in its place, as the SDK does on a visitor's page.
    pub(crate) fn srcdoc(&self) -> String {
        self.drawn.html.replace("campanile-nonce", &self.nonce)
    }

    /// The sum in a few letters.
    pub(crate) fn digest(&self) -> String {
        format::middle(&self.drawn.sum(), 4, 4)
    }

    /// The name of an edge or a corner, as on the wire.
    pub(crate) fn place(&self) -> String {
        let display = &self.drawn.display;
        let value = if display.kind == "banner" {
            json!(display.edge)
        } else {
            json!(display.corner)
        };
        value.as_str().unwrap_or_default().to_owned()
    }

    /// How the shadow is drawn.
    pub(crate) fn shadow(&self) -> String {
        json!(self.drawn.display.shadow)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// How far the drawing stands out.
    pub(crate) fn bleed(&self) -> String {
        self.drawn.display.bleed.map(|px| px.to_string()).join(" ")
    }

    /// The theme of the frame.
    pub(crate) fn scheme(&self) -> &'static str {
        self.drawn.display.theme.as_str()
    }
}

/// A person with the browser that was seen last, and whether push reaches them.
pub(crate) type Visitor = (DeviceRow, ProfileRow, bool);

/// At most `most` visitors, the newest first.
pub(crate) async fn newest(desk: &Desk, most: u32) -> Result<Vec<Visitor>, Error> {
    Ok(desk.app.store.recent_visitors(&desk.account().id, most).await?)
}

/// Whom a message can be shown as.
pub(crate) async fn people(desk: &Desk, newest: &[Visitor]) -> Result<Vec<String>, Error> {
    let mut people = vec![SAMPLE.to_owned(), NOBODY.to_owned()];
    let identified = newest.iter().filter(|(_, profile, _)| profile.identified);
    for (_, profile, _) in identified.take(OFFERED) {
        let known = desk
            .app
            .store
            .identities(&desk.account().id, profile.ordinal)
            .await?;
        people.extend(known.first().map(|identity| identity.value.clone()));
    }
    Ok(people)
}

/// Which properties the newest visitors were seen to have.
pub(crate) fn properties(newest: &[Visitor]) -> Vec<String> {
    let mut names: BTreeSet<&str> = ["Name", "Email"].into();
    for (_, profile, _) in newest.iter().take(LOOKED_AT as usize) {
        names.extend(profile.properties.keys().take(40).map(String::as_str));
    }
    names
        .into_iter()
        .filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-'))
        .take(24)
        .map(str::to_owned)
        .collect()
}

/// Of the newest visitors, how many there are and how many an audience holds.
pub(crate) fn reach(desk: &Desk, newest: &[Visitor], audience: &Rules) -> Reach {
    let place = Place::default();
    let held = newest
        .iter()
        .filter(|(device, profile, reachable)| {
            let sight = Sight::new(&desk.site, device, profile, &place, *reachable, desk.now);
            let visitor = sight.visitor();
            audience.hold(&visitor.facts)
        })
        .count();
    Reach {
        seen: newest.len() as u64,
        held: held as u64,
    }
}
