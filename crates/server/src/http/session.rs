//! Signing in: passwords, one-time links, session cookies and the token that every form carries.
//!
//! Left out: what a signed-in person may do. Invariant: a password is hashed with argon2id on the blocking pool, a few at once at most; a form is not
//! looked at before its token was compared; after [`TRIES`] wrong passwords for one e-mail its owner waits.

use super::error::Error;
use crate::app::App;
use crate::clock;
use crate::secret;
use crate::store::db::{Batch, Outcome};
use crate::store::users::{SessionRow, UserRow};
use anyhow::Context as _;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use campanile_core::FieldError;
use campanile_core::id::Id;
use campanile_core::time::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Name of the session's cookie.
pub const COOKIE: &str = "campanile_session";
const LIVES_MS: i64 = 14 * 24 * 3600 * 1000;
/// Wrong passwords before a pause.
pub const TRIES: u32 = 5;
/// The pause.
pub const PAUSE_MS: i64 = 15 * 60 * 1000;
const MIN_PASSWORD: usize = 10;
/// Longest e-mail address, bytes (RFC 5321 section 4.5.3.1.3).
const MAX_EMAIL: usize = 254;
/// E-mails whose wrong passwords are remembered.
const REMEMBERED: usize = 10_000;
/// Passwords that are hashed at once; each takes 19 MiB and a core, and anybody may ask for it. The others wait.
static HASHING: Semaphore = Semaphore::const_new(2);

/// A signed-in person; as an extractor it answers 401, which pages turn into a redirect to the sign-in.
#[derive(Debug, Clone)]
pub struct Operator {
    /// Who.
    pub email: String,
    /// The token that every form carries as `csrf`.
    pub csrf: String,
}

impl FromRequestParts<App> for Operator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let session = current(app, &parts.headers)
            .await?
            .ok_or(Error::Unauthorized("Sign in first."))?;
        Ok(Self {
            email: session.user.email,
            csrf: session.csrf,
        })
    }
}

/// The session of a request's cookie.
pub async fn current(app: &App, headers: &HeaderMap) -> Result<Option<SessionRow>, Error> {
    let Some(token) = cookie(headers, COOKIE) else {
        return Ok(None);
    };
    Ok(app.store.session(secret::hash(&token), app.clock.now()).await?)
}

/// The value of a cookie.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// Compares a form's token with the session's, in constant time.
pub fn check_csrf(operator: &Operator, given: &str) -> Result<(), Error> {
    if aws_lc_rs::constant_time::verify_slices_are_equal(operator.csrf.as_bytes(), given.as_bytes()).is_ok() {
        return Ok(());
    }
    Err(Error::Forbidden {
        code: "form_expired",
        message:
            "This form is from an earlier sign-in. Nothing was changed. Load the page again and repeat it."
                .to_owned(),
    })
}

/// Signs in by password; the cookie to set.
pub async fn sign_in(app: &App, email: &str, password: &str, secure: bool) -> Result<HeaderValue, Error> {
    let email = email.trim().to_lowercase();
    let now = app.clock.now();
    // The store takes no control characters, and no address has one.
    if email.len() > MAX_EMAIL || email.chars().any(char::is_control) {
        let message = "This is no e-mail address. Write the one that you sign in with.";
        return Err(Error::Fields(vec![FieldError::new("email", message)]));
    }
    // Counted before it is looked at: a hundred tries at the same moment are a hundred, not one.
    let left = app.attempts.count(&email, now)?;
    let user = app.store.user_by_email(&email).await?;
    let known = user.as_ref().and_then(|user| user.password.clone());
    // An unknown e-mail costs the same time as a wrong password.
    let hash = known.clone().unwrap_or_else(|| DUMMY.to_owned());
    let good = verify(password.to_owned(), hash).await? && known.is_some();
    match user {
        Some(user) if good => {
            app.attempts.forget(&email);
            open(app, user.id, secure, |_| {}).await
        }
        _ => {
            let message = if left == 0 {
                "E-mail and password do not match. Wait 15 min before the next try.".to_owned()
            } else {
                format!("E-mail and password do not match. {left} tries left, then a pause of 15 min.")
            };
            Err(Error::Fields(vec![FieldError::new("password", message)]))
        }
    }
}

/// Signs in by a one-time link of an existing person; the cookie to set.
pub async fn sign_in_by_link(app: &App, token: &str, user: Id, secure: bool) -> Result<HeaderValue, Error> {
    let hash = secret::hash(token);
    open(app, user, secure, |batch| {
        app.store.use_link(batch, hash, app.clock.now());
    })
    .await
}

/// Makes the administrator by a one-time link, and signs in; the cookie to set.
pub async fn make_administrator(
    app: &App,
    token: &str,
    email: &str,
    password: &str,
    secure: bool,
) -> Result<HeaderValue, Error> {
    let email = email.trim().to_lowercase();
    let mut faults = Vec::new();
    if !email.contains('@') || email.len() > MAX_EMAIL || email.chars().any(char::is_control) {
        faults.push(FieldError::new(
            "email",
            "Write an e-mail address; it is what you sign in with.",
        ));
    }
    if password.chars().count() < MIN_PASSWORD {
        faults.push(FieldError::new(
            "password",
            format!("A password has at least {MIN_PASSWORD} characters."),
        ));
    } else if password.len() > 1024 {
        faults.push(FieldError::new("password", "A password has at most 1024 bytes."));
    }
    if !faults.is_empty() {
        return Err(Error::Fields(faults));
    }
    let user = UserRow {
        id: app.clock.id(),
        email,
        password: Some(hash_password(password.to_owned()).await?),
    };
    let link = secret::hash(token);
    let now = app.clock.now();
    open(app, user.id, secure, |batch| {
        app.store.use_link(batch, link, now);
        app.store.close_first_links(batch, now);
        app.store.insert_user(batch, &user, now);
    })
    .await
}

async fn open(
    app: &App,
    user: Id,
    secure: bool,
    more: impl FnOnce(&mut Batch),
) -> Result<HeaderValue, Error> {
    let token = secret::token("s");
    let now = app.clock.now();
    let mut batch = Batch::new("sign_in");
    more(&mut batch);
    app.store.insert_session(
        &mut batch,
        secret::hash(&token),
        user,
        &secret::token("f"),
        now,
        now.plus_ms(LIVES_MS),
    );
    match app.store.db.write(batch).await? {
        Outcome::Done { .. } => Ok(set_cookie(&token, LIVES_MS / 1000, secure)),
        Outcome::Conflict { .. } => Err(Error::Forbidden {
            code: "link_used",
            message: "This link was used already or is too old. Make a new one with `campanile account sign-in-link`.".to_owned(),
        }),
    }
}

/// Signs out; the cookie to set.
pub async fn sign_out(app: &App, headers: &HeaderMap, secure: bool) -> Result<HeaderValue, Error> {
    if let Some(token) = cookie(headers, COOKIE) {
        app.store.delete_session(secret::hash(&token)).await?;
    }
    Ok(set_cookie("", 0, secure))
}

fn set_cookie(token: &str, seconds: i64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::try_from(text).expect("a token is base64url")
}

/// The hash of a password that nobody has.
const DUMMY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$8ZcQ1YBDl3vDGJ9Z7bZcZ2nWmNnzWqV0RcHjU7kqz0E";

async fn hash_password(password: String) -> Result<String, Error> {
    let _turn = HASHING.acquire().await.context("nobody closes it")?;
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &clock::random::<16>())
            .map(|hash| hash.to_string())
    });
    let hashed = hashed.await.context("hashing was cut off")?;
    hashed.map_err(|fault| Error::Internal(anyhow::anyhow!("a password could not be hashed: {fault}")))
}

async fn verify(password: String, hash: String) -> Result<bool, Error> {
    let _turn = HASHING.acquire().await.context("nobody closes it")?;
    let verified = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
    });
    Ok(verified.await.context("verifying was cut off")?)
}

/// Wrong passwords by e-mail, in memory: a restart forgives.
#[derive(Debug, Default)]
pub struct Attempts(Mutex<HashMap<String, (u32, Timestamp)>>);

impl Attempts {
    /// Counts a try and says how many are left after it; too many are refused.
    fn count(&self, email: &str, now: Timestamp) -> Result<u32, Error> {
        let mut attempts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() >= REMEMBERED {
            attempts.retain(|_, (_, since)| now.since(*since) < PAUSE_MS);
        }
        if attempts.len() >= REMEMBERED && !attempts.contains_key(email) {
            // So many need minutes of hashing, so whoever guesses gains little by being forgotten.
            attempts.clear();
        }
        let (n, since) = attempts.entry(email.to_owned()).or_insert((0, now));
        let waited = now.since(*since);
        if waited >= PAUSE_MS {
            *n = 0;
        }
        if *n >= TRIES {
            return Err(Error::TooMany(((PAUSE_MS - waited) / 1000) as u64));
        }
        *n += 1;
        *since = now;
        Ok(TRIES - *n)
    }

    fn forget(&self, email: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(email);
    }
}
