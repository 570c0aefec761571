//! The bars: plain, shipping with progress, countdown, notice.
//!
//! Left out: ticking (the SDK). Invariant: the share of a rail is a number from 0 to 100, whatever Liquid gave.

use super::art;
use super::boxes::SOUND;
use super::view::View;
use askama::Template as _;

#[derive(askama::Template)]
#[template(path = "popup/banner.html")]
struct Plain<'a> {
    v: &'a View<'a>,
}

#[derive(askama::Template)]
#[template(path = "popup/bar_shipping.html")]
struct Shipping<'a> {
    v: &'a View<'a>,
    share: f64,
    has_rail: bool,
}

#[derive(askama::Template)]
#[template(path = "popup/bar_countdown.html")]
struct Countdown<'a> {
    v: &'a View<'a>,
    ends: i64,
}

#[derive(askama::Template)]
#[template(path = "popup/bar_notice.html")]
struct Notice<'a> {
    v: &'a View<'a>,
    art: &'static str,
}

pub(super) fn plain(v: &View<'_>) -> String {
    Plain { v }.render().expect(SOUND)
}

pub(super) fn shipping(v: &View<'_>) -> String {
    let share = share(&v.popup.progress);
    let page = Shipping {
        v,
        share: share.unwrap_or_default(),
        has_rail: share.is_some(),
    };
    page.render().expect(SOUND)
}

pub(super) fn countdown(v: &View<'_>) -> String {
    let ends = v.popup.ends_at.map_or(0, |moment| moment.0);
    Countdown { v, ends }.render().expect(SOUND)
}

pub(super) fn notice(v: &View<'_>) -> String {
    Notice {
        v,
        art: art::cookie(),
    }
    .render()
    .expect(SOUND)
}

/// Per cent with one decimal; nothing when it is no number.
fn share(text: &str) -> Option<f64> {
    let number: f64 = text.trim().trim_end_matches('%').trim_end().parse().ok()?;
    number
        .is_finite()
        .then(|| (number.clamp(0.0, 100.0) * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_number_within_bounds() {
        assert_eq!(share("80"), Some(80.0));
        assert_eq!(share(" 33.333 % "), Some(33.3));
        assert_eq!(share("-5"), Some(0.0));
        assert_eq!(share("1e9"), Some(100.0));
        assert_eq!(share("NaN"), None);
        assert_eq!(share(""), None);
        assert_eq!(share("}</style>"), None);
    }
}
