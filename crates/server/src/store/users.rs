//! People who may sign in, their sessions, and one-time sign-in links.
//!
//! Left out: hashing and checking passwords (`http/session.rs`). Invariant: a token is kept as its SHA-256 only, a link opens once.

use super::db::{Batch, DbError};
use super::{Store, corrupt};
use crate::args;
use campanile_core::id::Id;
use campanile_core::time::Timestamp;

/// A person who may sign in.
#[derive(Debug, Clone)]
pub struct UserRow {
    /// Their id.
    pub id: Id,
    /// E-mail, lower case.
    pub email: String,
    /// PHC string of the password's hash; none until one was set.
    pub password: Option<String>,
}

/// A signed-in browser.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Who.
    pub user: UserRow,
    /// The token that every form carries.
    pub csrf: String,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Store {
    /// Whether anybody may sign in yet.
    pub async fn has_users(&self) -> Result<bool, DbError> {
        let sql = "-- has_users\nSELECT 1 FROM users LIMIT 1";
        Ok(self.db.query(sql, args![]).await?.first().is_some())
    }

    /// Adds a person.
    pub fn insert_user(&self, batch: &mut Batch, user: &UserRow, now: Timestamp) {
        let sql =
            "-- insert_user\nINSERT INTO users (id, email, password, created_at) VALUES ($1, $2, $3, $4)";
        batch.run(
            sql,
            args![
                user.id.bytes(),
                user.email.as_str(),
                user.password.clone(),
                now.ms()
            ],
        );
    }

    /// The person with that e-mail.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserRow>, DbError> {
        let sql = "-- user_by_email\nSELECT id, email, password FROM users WHERE email = $1";
        let rows = self.db.query(sql, args![email]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(UserRow {
            id: Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("users.id"))?,
            email: row.text(1)?.to_owned(),
            password: row.opt_text(2)?.map(str::to_owned),
        }))
    }

    /// Adds a one-time link; without a user it makes the administrator.
    pub async fn insert_link(
        &self,
        hash: Vec<u8>,
        user: Option<Id>,
        expires_at: Timestamp,
    ) -> Result<(), DbError> {
        let sql =
            "-- insert_link\nINSERT INTO sign_in_links (token_hash, user_id, expires_at) VALUES ($1, $2, $3)";
        let mut batch = Batch::new("insert_link");
        batch.run(sql, args![hash, user.map(Id::bytes), expires_at.ms()]);
        self.db.write(batch).await.map(drop)
    }

    /// A link that can still be used: `Some(user)`, where the user is `None` for the administrator to be made.
    pub async fn open_link(&self, hash: Vec<u8>, now: Timestamp) -> Result<Option<Option<Id>>, DbError> {
        let sql = "-- open_link\nSELECT user_id FROM sign_in_links WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";
        let rows = self.db.query(sql, args![hash, now.ms()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        match row.opt_bytes(0)? {
            None => Ok(Some(None)),
            Some(bytes) => Ok(Some(Some(
                Id::from_bytes(bytes).ok_or_else(|| corrupt("sign_in_links.user_id"))?,
            ))),
        }
    }

    /// Uses a link up; the batch rolls back when somebody else was first.
    pub fn use_link(&self, batch: &mut Batch, hash: Vec<u8>, now: Timestamp) {
        let sql = "-- use_link\nUPDATE sign_in_links SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";
        batch.expect(sql, args![hash, now.ms()], 1);
    }

    /// Closes every link that makes the administrator: each start prints one until there is somebody, and only one may be used.
    pub fn close_first_links(&self, batch: &mut Batch, now: Timestamp) {
        let sql = "-- close_first_links\nUPDATE sign_in_links SET used_at = $1 WHERE user_id IS NULL AND used_at IS NULL";
        batch.run(sql, args![now.ms()]);
    }

    /// Signs a browser in.
    pub fn insert_session(
        &self,
        batch: &mut Batch,
        hash: Vec<u8>,
        user: Id,
        csrf: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) {
        let sql = "-- insert_session\nINSERT INTO sessions (token_hash, user_id, csrf, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
        batch.run(sql, args![hash, user.bytes(), csrf, now.ms(), expires_at.ms()]);
    }

    /// The session of a token, if it has not ended.
    pub async fn session(&self, hash: Vec<u8>, now: Timestamp) -> Result<Option<SessionRow>, DbError> {
        let sql = "-- session\nSELECT u.id, u.email, u.password, s.csrf, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id \
                   WHERE s.token_hash = $1 AND s.expires_at > $2";
        let rows = self.db.query(sql, args![hash, now.ms()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(SessionRow {
            user: UserRow {
                id: Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("users.id"))?,
                email: row.text(1)?.to_owned(),
                password: row.opt_text(2)?.map(str::to_owned),
            },
            csrf: row.text(3)?.to_owned(),
            expires_at: Timestamp(row.int(4)?),
        }))
    }

    /// Signs a browser out.
    pub async fn delete_session(&self, hash: Vec<u8>) -> Result<(), DbError> {
        let mut batch = Batch::new("delete_session");
        let sql = "-- delete_session\nDELETE FROM sessions WHERE token_hash = $1";
        batch.run(sql, args![hash]);
        self.db.write(batch).await.map(drop)
    }

    /// Forgets sessions and links that have ended.
    pub async fn sweep_sessions(&self, now: Timestamp) -> Result<(), DbError> {
        let mut batch = Batch::new("sweep_sessions");
        batch.run(
            "-- sweep_sessions\nDELETE FROM sessions WHERE expires_at <= $1",
            args![now.ms()],
        );
        batch.run(
            "-- sweep_links\nDELETE FROM sign_in_links WHERE expires_at <= $1",
            args![now.ms()],
        );
        self.db.write(batch).await.map(drop)
    }
}
