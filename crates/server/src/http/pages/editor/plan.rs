//! The steps Goal, Who and When: what it is for, for whom, at which moment and how often.
//!
//! Left out: reading the forms (`forms`). Invariant: what the rail says in one sentence is what is kept, not what is being typed.

use super::bar::{Bar, Look, Step};
use super::control::{Control, Fields, Shape};
use super::rows::{self, RuleRows, SignRow, WhereRows, signs};
use super::warnings::{self, Warning};
use crate::http::pages::icon::Icon;
use crate::http::pages::{Nav, Shell, Theme, asset, format};
use askama::Template;
use campanile_core::campaign::PopupPlan;
use campanile_core::id::CampaignId;
use campanile_core::schedule::day_name;

/// What stands beside a form: the consequences.
#[derive(Debug, Clone)]
pub(crate) struct Rail {
    /// The plan in one sentence.
    pub(crate) sentence: String,
    /// Of the newest visitors, how many are in the audience.
    pub(crate) reach: Option<Reach>,
    /// Running pop-ups that want the same moment with the same priority.
    pub(crate) rivals: Vec<(i64, String)>,
    /// The overall cap in words, if there is one.
    pub(crate) overall: Option<String>,
}

/// Of the newest visitors, how many an audience holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// How many were looked at.
    pub(crate) seen: u64,
    /// How many are in it.
    pub(crate) held: u64,
}

/// The step Goal.
#[derive(Debug, Template)]
#[template(path = "editor_goal.html")]
pub(crate) struct GoalPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// What stands above it.
    pub(crate) bar: Bar,
    /// The campaign's name.
    pub(crate) name: Control,
    /// The event.
    pub(crate) event: Control,
    /// The window.
    pub(crate) within: Control,
    /// Its unit.
    pub(crate) unit: Control,
    /// The control group.
    pub(crate) share: Control,
    /// Tests of the event's properties.
    pub(crate) wheres: WhereRows,
    /// Names of events that the account's goals and triggers know.
    pub(crate) events: Vec<String>,
    /// The consequences.
    pub(crate) rail: Rail,
}

/// The step Who.
#[derive(Debug, Template)]
#[template(path = "editor_who.html")]
pub(crate) struct WhoPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// What stands above it.
    pub(crate) bar: Bar,
    /// The audience.
    pub(crate) rules: RuleRows,
    /// What is wrong with the rules as a whole.
    pub(crate) wrong: Option<String>,
    /// Names of events.
    pub(crate) events: Vec<String>,
    /// Names of properties.
    pub(crate) properties: Vec<String>,
    /// The consequences.
    pub(crate) rail: Rail,
}

/// The step When.
#[derive(Debug, Template)]
#[template(path = "editor_when.html")]
pub(crate) struct WhenPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// What stands above it.
    pub(crate) bar: Bar,
    /// `page` or `event`.
    pub(crate) on: String,
    /// The event.
    pub(crate) event: Control,
    /// Tests of the event's properties.
    pub(crate) wheres: WhereRows,
    /// Conditions on page and visit.
    pub(crate) rules: RuleRows,
    /// Signs from the browser.
    pub(crate) signs: Vec<SignRow>,
    /// `all` or `any` of them.
    pub(crate) signs_match: String,
    /// What is wrong with the signs as a whole.
    pub(crate) signs_wrong: Option<String>,
    /// The first moment.
    pub(crate) starts: Control,
    /// The last moment.
    pub(crate) ends: Control,
    /// Hours from.
    pub(crate) from: Control,
    /// Hours to.
    pub(crate) to: Control,
    /// Whose clock.
    pub(crate) clock: Control,
    /// Days of the week: input's name, word, whether it is one of them.
    pub(crate) days: Vec<(String, &'static str, bool)>,
    /// What is wrong with the days.
    pub(crate) days_wrong: Option<String>,
    /// The account's zone.
    pub(crate) zone: String,
    /// Caps: input's control and the words after it.
    pub(crate) caps: Vec<(Control, &'static str)>,
    /// Silences: the number, its unit, and after what.
    pub(crate) silences: Vec<(Control, Control, &'static str)>,
    /// Whether it stops after the goal.
    pub(crate) until_goal: Control,
    /// The goal's event, or nothing.
    pub(crate) goal: String,
    /// Who goes first.
    pub(crate) priority: Control,
    /// Of whom only one shows in a session.
    pub(crate) group: Control,
    /// What happens when another message is there.
    pub(crate) busy: Control,
    /// Names of events.
    pub(crate) events: Vec<String>,
    /// Names of groups.
    pub(crate) groups: Vec<String>,
    /// What is not wrong, but not good.
    pub(crate) warnings: Vec<Warning>,
    /// The consequences.
    pub(crate) rail: Rail,
}

/// Words of units.
const UNITS: [(&str, &str); 3] = [("minutes", "minutes"), ("hours", "hours"), ("days", "days")];

/// Everything of the step Goal that comes from its form.
pub(crate) fn goal_page(
    fields: &Fields<'_>,
    shell: Shell,
    bar: Bar,
    rail: Rail,
    events: Vec<String>,
) -> GoalPage {
    GoalPage {
        name: fields.line("name", "Name of the campaign").help("Only you see it."),
        event: fields
            .line("goal.event", "Event that means it worked")
            .note("optional")
            .help("As your page raises it, for example Charged. Empty: only views and clicks are counted."),
        within: fields.control("goal.within_hours", "Within", Shape::Number),
        unit: fields.choice("goal.within_hours.unit", "Unit", &UNITS[1..]),
        share: fields
            .control("experiment.control", "Control group", Shape::Number)
            .note("per cent")
            .help("So many see nothing and are counted all the same, so that you know what the message did. 0: none."),
        wheres: WhereRows::new(fields, "goal.where"),
        events,
        rail,
        shell,
        bar,
    }
}

/// Everything of the step When that comes from its form.
pub(crate) fn when_page(
    fields: &Fields<'_>,
    shell: Shell,
    bar: Bar,
    rail: Rail,
    zone: &str,
    plan: &PopupPlan,
    names: (Vec<String>, Vec<String>),
) -> WhenPage {
    let typed = fields.typed;
    let moment = |name: &str, label: &str| fields.control(name, label, Shape::Moment(zone.to_owned()));
    let caps = ["caps.page", "caps.session", "caps.day", "caps.week", "caps.ever"];
    let stretches = ["a page view", "a session", "a day", "in 7 days", "ever"];
    let silences = [
        ("caps.after_shown", "after it was shown"),
        ("caps.after_clicked", "after a click"),
        ("caps.after_closed", "after a close"),
    ];
    WhenPage {
        on: typed.get("trigger.on").to_owned(),
        event: fields
            .line("trigger.event", "Event")
            .help("Its name as your page raises it, for example Added To Cart."),
        wheres: WhereRows::new(fields, "trigger.where"),
        rules: RuleRows::new(fields, "trigger.when"),
        signs: signs(fields),
        signs_match: typed.get("trigger.signals.match").to_owned(),
        signs_wrong: fields.wrong.of("trigger.signals.list").map(str::to_owned),
        starts: moment("schedule.start", "Starts").help("Empty: as soon as you start it."),
        ends: moment("schedule.end", "Ends").help("Empty: when you stop it."),
        from: fields.line("schedule.from", "Hours from"),
        to: fields.line("schedule.to", "Hours to"),
        clock: fields.choice(
            "schedule.zone",
            "Whose clock",
            &[("account", "your time"), ("visitor", "visitor’s own time")],
        ),
        days: (1..=7)
            .map(|day| {
                let name = format!("schedule.days[{day}]");
                let on = typed.get(&name) == "yes";
                (name, day_name(day), on)
            })
            .collect(),
        days_wrong: fields.wrong.of("schedule.days").map(str::to_owned),
        zone: zone.to_owned(),
        caps: caps
            .into_iter()
            .zip(stretches)
            .map(|(name, words)| {
                (
                    fields.control(name, format!("Times {words}"), Shape::Number),
                    words,
                )
            })
            .collect(),
        silences: silences
            .into_iter()
            .map(|(name, words)| {
                (
                    fields.control(name, format!("Silence {words}"), Shape::Number),
                    fields.choice(
                        format!("{name}.unit"),
                        format!("Unit of the silence {words}"),
                        &UNITS,
                    ),
                    words,
                )
            })
            .collect(),
        until_goal: fields.tick("caps.until_goal", "Stop for good after the goal"),
        goal: plan
            .goal
            .as_ref()
            .map_or_else(String::new, |goal| goal.event.clone()),
        priority: fields
            .control("priority", "Priority", Shape::Number)
            .help("0 to 100; 50 is normal. The higher goes first."),
        group: fields
            .line("group", "Group")
            .note("only one of it shows in a session"),
        busy: fields.choice(
            "when_busy",
            "When another message is there",
            &[
                ("queue", "Wait until it is gone"),
                ("give_way", "Do not show this time"),
            ],
        ),
        events: names.0,
        groups: names.1,
        warnings: warnings::of_moment(plan),
        rail,
        shell,
        bar,
    }
}

/// The step that a field stands on, as an address.
pub(crate) fn field_href(id: CampaignId, field: &str) -> String {
    let variant = field
        .strip_prefix("experiment.variants[")
        .and_then(|rest| rest.split(']').next()?.parse::<usize>().ok())
        .map_or(0, |index| index + 1);
    format!("{}#{field}", Step::of(field).href(id, variant))
}
