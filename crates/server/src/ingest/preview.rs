//! One message for its owner, by a signed link on the live site: filled with what is known of this browser, shown at once, uncounted.
//!
//! Left out: verifying the link. Invariant: nothing is leased and nothing is kept.

use crate::live::Site;
use crate::sight::{Place, Sight};
use crate::store::profiles::{DeviceRow, DeviceState, ProfileRow};
use campanile_core::decide::{Moment, Words};
use campanile_core::id::{CampaignId, Id, Ordinal};
use campanile_core::ledger::SHOW_WITHIN_MS;
use campanile_core::popup::{HandOut, Popup, PopupMessage, Prepared};
use campanile_core::time::{Day, Timestamp};
use campanile_core::wire::Request;

/// The message, with the visitor's data where there is any; `None` where a text cannot be read at all.
pub(super) fn message(
    site: &Site,
    id: CampaignId,
    popup: &Popup,
    visitor: Option<&(DeviceRow, ProfileRow)>,
    request: &Request<'_>,
    now: Timestamp,
    impression: Id,
) -> Option<PopupMessage> {
    let nobody = (
        DeviceRow {
            id: impression,
            ordinal: Ordinal(0),
            version: 1,
            state: DeviceState::default(),
            created_at: now,
            seen_at: now,
        },
        ProfileRow::fresh(Ordinal(0), now),
    );
    let (device, profile) = visitor.unwrap_or(&nobody);
    let place = Place {
        url: request.context.url.clone().unwrap_or_default(),
        referrer: request.context.referrer.clone().unwrap_or_default(),
        can_show: true,
        ..Place::default()
    };
    let prepared = Prepared::new(popup.clone()).ok()?;
    let sight = Sight::new(site, device, profile, &place, false, now);
    let seen = sight.visitor();
    // Where this browser's data does not suffice the texts are shown as they were written: the owner sees what is missing.
    let (filled, html) = prepared
        .fill(&Words::new(&seen, Moment::Page))
        .unwrap_or_else(|_| (popup.clone(), popup.html()));
    let hand_out = HandOut {
        campaign: id,
        day: Day::of(now, &site.account.zone),
        impression,
        lease_ms: SHOW_WITHIN_MS,
    };
    let mut message = filled.message(&html, hand_out);
    message.test = true;
    Some(message)
}
