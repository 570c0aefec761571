//! Logs and metrics. Every metric's name stands in this file.
//!
//! Left out: tracing of single requests to another system. Invariant: label values come from small fixed sets, never from a request.

use crate::config::{Log, LogFormat};
use anyhow::Context as _;
use campanile_core::delivery::Verdict;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::io::IsTerminal as _;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Starts logging to standard error.
pub fn start_logging(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.filter)
        .with_context(|| format!("log.filter “{}” is not a filter", log.filter))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|fault| anyhow::anyhow!("logging cannot start: {fault}"))
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Surface {
    surface: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabel {
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

/// All metrics of a process.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    requests: Family<Surface, Counter>,
    accepted: Counter,
    refused: Counter,
    handed: Counter,
    pushes: Family<VerdictLabel, Counter>,
    push_holds: Counter,
    push_alarms: Family<KindLabel, Counter>,
    jobs_waiting: Gauge,
    oldest_job_ms: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("campanile");
        let requests = Family::<Surface, Counter>::default();
        registry.register(
            "http_requests",
            "Requests by surface and status",
            requests.clone(),
        );
        let [accepted, refused, handed] = [(); 3].map(|()| Counter::default());
        registry.register(
            "operations_accepted",
            "Operations that browsers sent and that were kept",
            accepted.clone(),
        );
        registry.register(
            "operations_refused",
            "Operations, or parts of them, that were not kept",
            refused.clone(),
        );
        registry.register("popups_handed", "Pop-ups handed to pages", handed.clone());
        let pushes = Family::<VerdictLabel, Counter>::default();
        registry.register(
            "push_answers",
            "Answers of push services by what they mean",
            pushes.clone(),
        );
        let push_holds = Counter::default();
        registry.register(
            "push_holds",
            "Times that a push service did not answer or asked for rest, and its messages waited",
            push_holds.clone(),
        );
        let push_alarms = Family::<KindLabel, Counter>::default();
        registry.register(
            "push_alarms",
            "Runs of campaigns that cannot be sent as they are, by the status that says so",
            push_alarms.clone(),
        );
        let [jobs_waiting, oldest_job_ms] = [(); 2].map(|()| Gauge::default());
        registry.register("jobs_waiting", "Jobs in the queue", jobs_waiting.clone());
        registry.register(
            "oldest_job_milliseconds",
            "How long the oldest ready job has waited",
            oldest_job_ms.clone(),
        );
        Self(Arc::new(Inner {
            registry,
            requests,
            accepted,
            refused,
            handed,
            pushes,
            push_holds,
            push_alarms,
            jobs_waiting,
            oldest_job_ms,
        }))
    }
}

impl Metrics {
    /// One request answered.
    pub fn request(&self, surface: &'static str, status: u16) {
        self.0.requests.get_or_create(&Surface { surface, status }).inc();
    }

    /// One batch of operations answered.
    pub fn operations_taken(&self, accepted: usize, refused: usize, handed: usize) {
        self.0.accepted.inc_by(accepted as u64);
        self.0.refused.inc_by(refused as u64);
        self.0.handed.inc_by(handed as u64);
    }

    /// One answer of a push service.
    pub fn push_answered(&self, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Accepted => "accepted",
            Verdict::Gone => "gone",
            Verdict::TooLarge => "too_large",
            Verdict::Refused => "refused",
            Verdict::WrongKey => "wrong_key",
            Verdict::Throttled { .. } => "throttled",
            Verdict::Unreachable { .. } => "unreachable",
        };
        self.0.pushes.get_or_create(&VerdictLabel { verdict }).inc();
    }

    /// A push service's messages wait.
    pub fn push_held(&self) {
        self.0.push_holds.inc();
    }

    /// A run that somebody must look after.
    pub fn push_alarm(&self, kind: &'static str) {
        self.0.push_alarms.get_or_create(&KindLabel { kind }).inc();
    }

    /// How the queue stands.
    pub fn queue(&self, waiting: u64, oldest_ms: i64) {
        self.0.jobs_waiting.set(waiting as i64);
        self.0.oldest_job_ms.set(oldest_ms);
    }

    /// The text of `/metrics` (OpenMetrics).
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.0.registry).expect("writing to a String cannot fail");
        text
    }
}
