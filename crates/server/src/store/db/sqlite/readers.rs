//! The threads that read. Each has its own connections; a question is one message, its answer one reply.
//!
//! Left out on purpose: a thread per question and a message per row, which cost more than the reading itself.
//!
//! Invariant: an answer shows everything whose writer was told that it is durable before the question was asked.

use super::super::dialect::Dialect;
use super::super::error::DbError;
use super::super::period::{Period, Place};
use super::super::value::{Rows, Value};
use super::{Files, Use, core_path, open, run};
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Period connections that a reader keeps beside its core connection.
const KEPT: usize = 3;

/// A question: a statement, where, and who wants to know.
pub(in super::super) struct Question {
    pub(in super::super) place: Place,
    pub(in super::super) sql: &'static str,
    pub(in super::super) args: Vec<Value>,
    pub(in super::super) reply: oneshot::Sender<Result<Rows, DbError>>,
}

/// Starts the readers. They end when the sender and its clones are gone.
pub(in super::super) fn start(
    count: usize,
    files: &Arc<Files>,
    dialect: &Arc<Dialect>,
) -> Result<(Sender<Question>, Vec<JoinHandle<()>>), DbError> {
    let (sender, receiver) = channel();
    let receiver = Arc::new(Mutex::new(receiver));
    let mut threads = Vec::new();
    for number in 0..count {
        let mut reader = Reader {
            core: open(&core_path(&files.folder), Use::Read)?,
            periods: Vec::new(),
            files: Arc::clone(files),
            dialect: Arc::clone(dialect),
        };
        let receiver = Arc::clone(&receiver);
        let thread = std::thread::Builder::new()
            .name(format!("reader-{number}"))
            .spawn(move || reader.answer_all(&receiver))
            .map_err(DbError::thread)?;
        threads.push(thread);
    }
    Ok((sender, threads))
}

struct Reader {
    core: Connection,
    /// Least recently used first; with the number of the file that was opened.
    periods: Vec<(Period, u64, Connection)>,
    files: Arc<Files>,
    dialect: Arc<Dialect>,
}

impl Reader {
    fn answer_all(&mut self, receiver: &Mutex<Receiver<Question>>) {
        loop {
            // One reader waits for the next question, the others wait for the place of that one.
            let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(question) = next else { return };
            if question.reply.is_closed() {
                continue;
            }
            let answer = self.answer(&question);
            // The asker may have gone away; nobody misses the answer then.
            let _ = question.reply.send(answer);
        }
    }

    fn answer(&mut self, question: &Question) -> Result<Rows, DbError> {
        let text = self.dialect.text(question.sql);
        let connection = match question.place {
            Place::Core => &self.core,
            Place::Events(period) => match self.period(period)? {
                Some(connection) => connection,
                None => return Ok(Rows::default()),
            },
        };
        Ok(run(connection, question.sql, &text, &question.args, true)?.1)
    }

    fn period(&mut self, period: Period) -> Result<Option<&Connection>, DbError> {
        let files = &self.files;
        self.periods
            .retain(|(kept, number, _)| files.number(*kept) == Some(*number));
        let found = self.periods.iter().position(|(kept, _, _)| *kept == period);
        let entry = if let Some(index) = found {
            self.periods.remove(index)
        } else {
            let Some((number, connection)) = self.files.open_to_read(period)? else {
                return Ok(None);
            };
            if self.periods.len() >= KEPT {
                self.periods.remove(0);
            }
            (period, number, connection)
        };
        self.periods.push(entry);
        Ok(self.periods.last().map(|(_, _, connection)| connection))
    }
}
