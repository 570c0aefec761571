//! The composer's part When: moment, whose clock, days on which it comes again, pace, end, caps.
//!
//! Left out: reading it (`forms`) and the event that a push may follow. Invariant: what the site's settings do to it is said beside it.

use super::control::{Control, Fields, Shape};
use campanile_core::account::PushRules;
use campanile_core::schedule::day_name;

/// The controls.
#[derive(Debug, Clone)]
pub(crate) struct PushWhen {
    /// The moment.
    pub(crate) at: Control,
    /// Whose clock.
    pub(crate) clock: Control,
    /// The pace.
    pub(crate) pace: Control,
    /// The end.
    pub(crate) until: Control,
    /// Time of day at which it comes again.
    pub(crate) time: Control,
    /// Days of the week: input's name, word, whether it is one of them.
    pub(crate) days: Vec<(String, &'static str, bool)>,
    /// What is wrong with the days.
    pub(crate) days_wrong: Option<String>,
    /// How many times in all.
    pub(crate) times: Control,
    /// How often one person gets it: a day, and in seven days.
    pub(crate) caps: [Control; 2],
    /// Whether caps and quiet hours hold it back.
    pub(crate) transactional: Control,
    /// What the site's settings do to it, in words.
    pub(crate) site: String,
}

impl PushWhen {
    /// The controls of what is typed, beside the site's `rules`; moments are read in `zone`.
    pub(crate) fn new(fields: &Fields<'_>, zone: &str, rules: PushRules) -> Self {
        let own = [("account", "the site’s"), ("recipient", "each recipient’s own")];
        let moment = || Shape::Moment(zone.to_owned());
        Self {
            at: fields
                .control("send.at", "Goes out", moment())
                .help("Empty: as soon as you send it."),
            clock: fields.choice("send.zone", "Whose clock", &own).help(
                "By their own, everybody gets it when their clock shows that time; it begins where that is first on Earth.",
            ),
            pace: fields
                .control("send.per_minute", "Messages a minute, at most", Shape::Number)
                .help("Empty: as fast as the push services take them. A pace keeps your own site from a rush."),
            until: fields
                .control("send.until", "Ends", moment())
                .note("optional")
                .help("From then on nothing of it is sent any more."),
            time: fields
                .line("send.repeat.at", "At")
                .help("A time like 09:00. Empty: it goes out once."),
            days: (1..=7)
                .map(|day| {
                    let name = format!("send.repeat.days[{day}]");
                    // Only what was unticked is off: a form that never had the days has all of them.
                    let on = fields.typed.get(&name) != "no";
                    (name, day_name(day), on)
                })
                .collect(),
            days_wrong: fields.wrong.of("send.repeat.days").map(str::to_owned),
            times: fields
                .control("send.repeat.times", "How many times in all", Shape::Number)
                .note("optional"),
            caps: [("day", "A day"), ("week", "In seven days")]
                .map(|(name, label)| fields.control(format!("send.caps.{name}"), label, Shape::Number)),
            transactional: fields
                .tick("send.transactional", "Transactional")
                .help("Something that the recipient waits for, such as an order on its way: the site’s caps and quiet hours do not hold it back."),
            site: said(rules),
        }
    }

    /// Whether it comes again, or something is wrong with how.
    pub(crate) fn is_again(&self) -> bool {
        !self.time.value.is_empty()
            || self.time.is_wrong()
            || self.days_wrong.is_some()
            || self.times.is_wrong()
    }

    /// Whether anything of the limits is set or wrong.
    pub(crate) fn is_limited(&self) -> bool {
        self.transactional.ticked()
            || self
                .caps
                .iter()
                .any(|cap| !cap.value.is_empty() || cap.is_wrong())
    }
}

/// What holds for all pushes of the site, in words.
fn said(rules: PushRules) -> String {
    let mut parts = Vec::new();
    if !rules.caps.is_none() {
        parts.push(format!(
            "One person gets pushes of all campaigns together at most {}.",
            rules.caps.words()
        ));
    }
    if let Some(quiet) = rules.quiet {
        parts.push(format!(
            "Nobody is disturbed from {} to {} by their own clock: what falls into it comes afterwards.",
            quiet.from, quiet.to
        ));
    }
    if parts.is_empty() {
        "The site has neither caps nor quiet hours for pushes.".to_owned()
    } else {
        parts.join(" ")
    }
}
