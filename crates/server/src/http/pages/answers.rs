//! What visitors answered: counted where it can be, the latest with the person who wrote it, all of it as a file.
//!
//! Left out: counting (`report` at the crate's root). Invariant: what a visitor wrote is only ever text here.

use super::desk::{Desk, Numbered};
use super::format::{Told, When};
use super::{chart, format};
use crate::http::csv;
use crate::report::Answers;
use crate::store::answers::AnswerRow;
use axum::response::Response;
use campanile_core::popup::Ask;
use campanile_core::rule;

/// Answers on one page.
pub(crate) const PAGE: u32 = 20;

/// How often one answer was given.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// The answer.
    pub(crate) answer: String,
    /// How often.
    pub(crate) count: String,
    /// Its share.
    pub(crate) share: String,
    /// Length of its bar in per mille.
    pub(crate) length: u64,
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct AnswerLine {
    /// When.
    pub(crate) at: When,
    /// The person's number.
    pub(crate) person: u32,
    /// What.
    pub(crate) answer: String,
    /// A few words beside it.
    pub(crate) comment: String,
    /// Variant, where there are several.
    pub(crate) variant: String,
    /// Whether the consent was ticked.
    pub(crate) consent: bool,
}

/// The card.
#[derive(Debug, Clone)]
pub(crate) struct AnswersCard {
    /// The question.
    pub(crate) question: String,
    /// How many answers, in words.
    pub(crate) total: String,
    /// The mean of a scale.
    pub(crate) mean: Option<String>,
    /// The choices.
    pub(crate) choices: Vec<Choice>,
    /// The latest, or older ones.
    pub(crate) lines: Vec<AnswerLine>,
    /// Where the next older ones are.
    pub(crate) older: Option<String>,
    /// Whether these are not the latest.
    pub(crate) paged: bool,
}

/// The card from what was counted and one page of answers.
pub(crate) fn card(answers: &Answers, rows: &[AnswerRow], paged: bool, told: &Told) -> AnswersCard {
    let most = answers.counts.iter().map(|(_, n)| *n).max().unwrap_or(0);
    let more = rows.len() == PAGE as usize;
    AnswersCard {
        question: if answers.ask.is_none() {
            "Asked before".to_owned()
        } else {
            answers.question.clone()
        },
        total: format::counted(answers.total, "answer", "answers"),
        mean: answers
            .mean
            .filter(|_| answers.ask == Some(Ask::Scale))
            .map(|mean| format!("{mean:.2}")),
        choices: answers
            .counts
            .iter()
            .map(|(answer, n)| Choice {
                answer: rule::shown(answer).into_owned(),
                count: format::number(n),
                share: format::rate(n, answers.total),
                length: chart::bar(*n, most),
            })
            .collect(),
        lines: rows
            .iter()
            .map(|row| AnswerLine {
                at: told.when(row.at),
                person: row.ordinal.0,
                answer: rule::shown(&row.answer).into_owned(),
                comment: row.comment.clone(),
                variant: row.variant.clone(),
                consent: row.consent,
            })
            .collect(),
        older: rows
            .last()
            .filter(|_| more)
            .map(|row| format!("?answers={}#answers", row.impression)),
        paged,
    }
}

/// The file at `/campaigns/{id}/answers.csv`.
pub(crate) async fn file(desk: Desk, Numbered(id): Numbered) -> Response {
    let account = desk.account().id.clone();
    match desk.app.launch.find(&account, id).await {
        Ok(campaign) => csv::answers(&desk.app, &account, campaign.id),
        Err(fault) => desk.tell(Err(fault.into())),
    }
}
