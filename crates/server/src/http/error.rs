//! The HTTP error: what a client may know, with a stable code; everything else is `Internal`, logged and told as such.
//!
//! Left out: pages (`pages/error.rs` draws the same errors for people). Invariant: no text of an internal fault leaves the process.

use crate::explain::ExplainError;
use crate::import::ImportError;
use crate::ingest::IngestError;
use crate::launch::LaunchError;
use crate::media::MediaError;
use crate::store::db::DbError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use campanile_core::FieldError;
use serde_json::json;

/// An answer that is not a success.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be read.
    #[error("{0}")]
    BadRequest(String),
    /// Some fields must be mended.
    #[error("some fields must be mended")]
    Fields(Vec<FieldError>),
    /// Nobody is signed in, or the key is not known.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// Known, but not allowed.
    #[error("{message}")]
    Forbidden {
        /// Stable code.
        code: &'static str,
        /// Sentence.
        message: String,
    },
    /// There is no such thing.
    #[error("{message}")]
    NotFound {
        /// Stable code.
        code: &'static str,
        /// Sentence.
        message: String,
    },
    /// The thing's state does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// The body is too large.
    #[error("the body is larger than {0} bytes; send less at once")]
    TooLarge(usize),
    /// Too many tries; seconds to wait.
    #[error("too many tries; wait {0} seconds")]
    TooMany(u64),
    /// The store cannot take it now.
    #[error("the server cannot take it now; nothing was kept, send the same again")]
    Unavailable,
    /// A fault of ours.
    #[error("internal")]
    Internal(#[source] anyhow::Error),
}

impl Error {
    /// Status, code and sentence for the client.
    pub fn public(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::BadRequest(message) => (StatusCode::BAD_REQUEST, "bad_request", message.clone()),
            Self::Fields(faults) => {
                let first = faults
                    .first()
                    .map_or_else(String::new, |fault| fault.message.clone());
                (StatusCode::UNPROCESSABLE_ENTITY, "field_invalid", first)
            }
            Self::Unauthorized(message) => (StatusCode::UNAUTHORIZED, "unauthorized", (*message).to_owned()),
            Self::Forbidden { code, message } => (StatusCode::FORBIDDEN, code, message.clone()),
            Self::NotFound { code, message } => (StatusCode::NOT_FOUND, code, message.clone()),
            Self::Conflict(message) => (StatusCode::CONFLICT, "conflict", message.clone()),
            Self::TooLarge(limit) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!("The body is larger than {limit} bytes. Send less at once."),
            ),
            Self::TooMany(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many",
                format!("Too many tries. Wait {seconds} seconds, then try again."),
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The server cannot take it now. Nothing was kept; send the same again.".to_owned(),
            ),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong on the server. It was logged; nothing was half done.".to_owned(),
            ),
        }
    }
}

impl From<DbError> for Error {
    fn from(fault: DbError) -> Self {
        match fault {
            DbError::Unavailable { .. } => {
                tracing::warn!(error = %fault, "the store is not available");
                Self::Unavailable
            }
            other => Self::Internal(other.into()),
        }
    }
}

impl From<anyhow::Error> for Error {
    fn from(fault: anyhow::Error) -> Self {
        Self::Internal(fault)
    }
}

impl From<IngestError> for Error {
    fn from(fault: IngestError) -> Self {
        match fault {
            IngestError::Contended => Self::Unavailable,
            IngestError::Store(fault) => fault.into(),
            IngestError::Internal(fault) => Self::Internal(fault),
        }
    }
}

impl From<LaunchError> for Error {
    fn from(fault: LaunchError) -> Self {
        match fault {
            LaunchError::Unknown(id) => Self::NotFound {
                code: "campaign_unknown",
                message: format!("There is no campaign {id} here."),
            },
            LaunchError::Fields(faults) => Self::Fields(faults),
            LaunchError::State(message) => Self::Conflict(message),
            LaunchError::Changed => Self::Conflict(fault.to_string()),
            LaunchError::Store(fault) => fault.into(),
            LaunchError::Internal(fault) => Self::Internal(fault),
        }
    }
}

impl From<ExplainError> for Error {
    fn from(fault: ExplainError) -> Self {
        match fault {
            ExplainError::Unknown => Self::NotFound {
                code: "profile_unknown",
                message: "There is nobody like that here.".to_owned(),
            },
            ExplainError::Field(fault) => Self::Fields(vec![fault]),
            ExplainError::Store(fault) => fault.into(),
        }
    }
}

impl From<MediaError> for Error {
    fn from(fault: MediaError) -> Self {
        match fault {
            MediaError::Refused(fault) => Self::Fields(vec![fault]),
            MediaError::Unknown(_) => Self::NotFound {
                code: "media_unknown",
                message: "There is no picture of this hash here.".to_owned(),
            },
            MediaError::Used(message) => Self::Conflict(message),
            MediaError::Store(fault) => fault.into(),
            MediaError::Internal(fault) => Self::Internal(fault),
        }
    }
}

impl From<ImportError> for Error {
    fn from(fault: ImportError) -> Self {
        match fault {
            ImportError::Refused(fault) => Self::Fields(vec![fault]),
            ImportError::Unknown => Self::NotFound {
                code: "import_unknown",
                message: "There is no import of this id here. Imports are forgotten a week after their end."
                    .to_owned(),
            },
            ImportError::State(message) => Self::Conflict(message.to_owned()),
            ImportError::Store(fault) => fault.into(),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, code, message) = self.public();
        if let Self::Internal(fault) = &self {
            tracing::error!(error = format!("{fault:#}"), "a request failed");
        }
        let mut error = json!({"code": code, "message": message});
        if let Self::Fields(faults) = &self {
            error["errors"] = json!(faults);
            if let Some(first) = faults.first() {
                error["field"] = json!(first.field);
            }
        }
        let mut response = (status, Json(json!({"error": error}))).into_response();
        let retry = match self {
            Self::TooMany(seconds) => Some(seconds),
            Self::Unavailable => Some(2),
            _ => None,
        };
        if let Some(seconds) = retry {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
