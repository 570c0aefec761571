//! The ring of VAPID pairs: made or brought along, put in use, handed out, retired.
//!
//! A browser's subscription belongs to the pair that it was made with, for ever; the page makes a new one without a question when another
//! pair is in use. So an old pair stays until nobody is left who was won with it. Left out: signing (`campanile-push`), the page's part
//! (`sdk/src/push`). Invariant: a pair with live subscriptions is never taken away, and for each browser there is one in use.

use super::{Launch, LaunchError};
use crate::store::accounts::VapidRow;
use crate::store::db::Batch;
use campanile_core::FieldError;
use campanile_core::id::{AccountId, Id};
use campanile_core::subscription::Browsers;
use campanile_core::time::Timestamp;
use campanile_push::vapid::VapidKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

/// The longest text that is read as a private key, in bytes; PEM files with remarks around the key are shorter.
const MAX_KEY_BYTES: usize = 8_192;

/// A pair that comes from elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Brought<'a> {
    /// Private key: 43 characters of base64url, or PEM.
    pub private_key: &'a str,
    /// Public key in base64url, if it is to be compared.
    pub public_key: &'a str,
}

/// A pair that leaves the house.
#[derive(Clone)]
pub struct HandedOut {
    /// Public key, base64url.
    pub public_key: String,
    /// Private key, 43 characters of base64url. Secret.
    pub private_key: String,
}

impl std::fmt::Debug for HandedOut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "HandedOut({})", self.public_key)
    }
}

impl Launch {
    /// Adds a pair, made here or brought along, which new subscriptions are made with from now on.
    pub async fn add_key(
        &self,
        account: &AccountId,
        brought: Option<Brought<'_>>,
        browsers: Browsers,
    ) -> Result<VapidRow, LaunchError> {
        let key = match brought {
            None => VapidKey::generate().map_err(anyhow::Error::from)?,
            Some(brought) => read(&brought).map_err(|fault| LaunchError::Fields(vec![fault]))?,
        };
        let ring = self.store.vapid_keys(account).await?;
        if ring.iter().any(|known| known.public_key == key.public_key()) {
            let message = "This pair is in the key ring already. Put it in use there.";
            return Err(LaunchError::Fields(vec![FieldError::new("private_key", message)]));
        }
        let now = self.clock.now();
        let row = VapidRow {
            id: self.clock.id(),
            public_key: key.public_key().to_owned(),
            private_key: key.to_pkcs8().map_err(anyhow::Error::from)?,
            browsers,
            since: now,
            created_at: now,
        };
        let mut batch = Batch::new("add_vapid_key");
        self.store.insert_vapid_key(&mut batch, account, &row);
        self.store.bump_revision(&mut batch, account);
        self.store.db.write(batch).await?;
        self.changed(account).await?;
        Ok(row)
    }

    /// Adds a pair that subscriptions from elsewhere were made with, and with which no new ones are made. One that is here already stays as it is.
    pub async fn bring_old_key(
        &self,
        account: &AccountId,
        brought: &Brought<'_>,
    ) -> Result<VapidRow, LaunchError> {
        let key = read(brought).map_err(|fault| LaunchError::Fields(vec![fault]))?;
        let ring = self.store.vapid_keys(account).await?;
        if let Some(known) = ring
            .into_iter()
            .find(|known| known.public_key == key.public_key())
        {
            return Ok(known);
        }
        let row = VapidRow {
            id: self.clock.id(),
            public_key: key.public_key().to_owned(),
            private_key: key.to_pkcs8().map_err(anyhow::Error::from)?,
            browsers: Browsers::All,
            // Behind every other pair of the ring.
            since: Timestamp(0),
            created_at: self.clock.now(),
        };
        let mut batch = Batch::new("bring_old_vapid_key");
        self.store.insert_vapid_key(&mut batch, account, &row);
        self.store.bump_revision(&mut batch, account);
        self.store.db.write(batch).await?;
        self.changed(account).await?;
        Ok(row)
    }

    /// Puts a pair of the ring in use again; none where there is no such pair.
    pub async fn use_key(
        &self,
        account: &AccountId,
        id: Id,
        browsers: Browsers,
    ) -> Result<bool, LaunchError> {
        let mut batch = Batch::new("use_vapid_key");
        self.store
            .use_vapid_key(&mut batch, account, id, (browsers, self.clock.now()));
        self.store.bump_revision(&mut batch, account);
        let used = !self.store.db.write(batch).await?.is_conflict();
        if used {
            self.changed(account).await?;
        }
        Ok(used)
    }

    /// Takes a pair away with which no live subscription was made and that is not in use; false where there is no such pair.
    pub async fn retire_key(&self, account: &AccountId, id: Id) -> Result<bool, LaunchError> {
        let ring = self.store.vapid_keys(account).await?;
        if !ring.iter().any(|key| key.id == id) {
            return Ok(false);
        }
        if in_use(&ring).contains(&id) {
            let message =
                "This pair is in use: new subscriptions are made with it. Put another one in use first.";
            return Err(LaunchError::State(message.to_owned()));
        }
        let bound = self.store.bound(account).await?.get(&id).copied().unwrap_or(0);
        let mut batch = Batch::new("retire_vapid_key");
        self.store.delete_vapid_key(&mut batch, account, id);
        self.store.bump_revision(&mut batch, account);
        if self.store.db.write(batch).await?.is_conflict() {
            let message = format!(
                "{} subscriptions were made with this pair and could not be reached any more. They change over at their browsers’ next visit; retire it when none is left.",
                bound.max(1)
            );
            return Err(LaunchError::State(message));
        }
        self.changed(account).await?;
        Ok(true)
    }

    /// A pair with its private key; none where there is no such pair.
    pub async fn hand_out_key(&self, account: &AccountId, id: Id) -> Result<Option<HandedOut>, LaunchError> {
        let ring = self.store.vapid_keys(account).await?;
        let Some(row) = ring.into_iter().find(|key| key.id == id) else {
            return Ok(None);
        };
        let key = VapidKey::from_pkcs8(&row.private_key).map_err(anyhow::Error::from)?;
        Ok(Some(HandedOut {
            public_key: row.public_key,
            private_key: key.to_base64url().map_err(anyhow::Error::from)?,
        }))
    }
}

/// The pairs of a ring that some browser's new subscriptions are made with, the ring in the store's order.
pub fn in_use(ring: &[VapidRow]) -> Vec<Id> {
    let families = ["Chrome", "Firefox", "Safari"];
    let of = |family: &str| ring.iter().find(|key| key.browsers.has(family)).map(|key| key.id);
    families.iter().filter_map(|family| of(family)).collect()
}

fn read(brought: &Brought<'_>) -> Result<VapidKey, FieldError> {
    let wrong = |message: &str| FieldError::new("private_key", message);
    let text = brought.private_key.trim();
    if text.len() > MAX_KEY_BYTES {
        return Err(wrong("This is too long for a private key."));
    }
    let key = if text.contains("-----BEGIN") {
        if text.contains("ENCRYPTED") {
            return Err(wrong(
                "This key is locked with a passphrase. Unlock it first: openssl pkey -in key.pem -out open.pem",
            ));
        }
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| wrong("There is no private key in this PEM text. Give the file that begins with BEGIN PRIVATE KEY or BEGIN EC PRIVATE KEY."))?;
        VapidKey::from_der(der.secret_der())
    } else {
        VapidKey::from_base64url(text)
    };
    let key = key.map_err(|_| {
        wrong("This is not the private key of a VAPID pair: 43 characters as the npm generator and the Firebase console give them, or PEM of a key on the curve P-256.")
    })?;
    let public = brought.public_key.trim().trim_end_matches('=');
    if !public.is_empty() && public != key.public_key() {
        let message = "This public key belongs to another private key. Leave it out, or give the pair's own.";
        return Err(FieldError::new("public_key", message));
    }
    Ok(key)
}
