//! The profile at a glance, its lock and its name.

use homing_model::{Edit, Preimage};
use homing_store::entries::{self, Status as EntryStatus};
use homing_store::{Durability, conversations, outbox};

use crate::api::{
    ApiError, Code, Connection, KeyProtection, Nothing, Passphrase, PassphraseSet, ProfileName, Status,
};
use crate::author::Label;
use crate::core::Core;
use crate::fail::invalid;
use crate::text::{is_loopback, rfc3339};
use crate::vault;

const NAME: usize = 100;
const PASSPHRASE: usize = 8;

fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A name a person may have.
pub(crate) fn checked_name(name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME {
        return Err(invalid("A name has 1 to 100 characters.").into());
    }
    Ok(name.to_owned())
}

impl Core {
    pub(crate) fn status(&mut self, _: Nothing) -> Result<Status, ApiError> {
        let mut status = Status {
            person: None,
            device: None,
            name: None,
            device_name: None,
            relay: None,
            relay_is_local: false,
            connection: Connection::None,
            online: false,
            offline_since: None,
            outbox: 0,
            refused: 0,
            unread: 0,
            quarantined: 0,
            parked: 0,
            locked: self.store.is_none(),
            demo: self.demo,
            demo_profile: self.demo_profile(),
            recovery_confirmed: false,
            recovery_here: false,
            key_protection: self.protection,
            requests: 0,
            notices: 0,
            problem: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        if self.store.is_none() {
            return Ok(status);
        }
        status.relay = self.relay_address()?;
        status.relay_is_local = status.relay.as_deref().is_some_and(is_loopback);
        if let Some(link) = &self.link {
            status.connection = match link.client.status() {
                homing_sync::Connection::Online { .. } => Connection::Online,
                homing_sync::Connection::Connecting | homing_sync::Connection::Anonymous => {
                    Connection::Connecting
                }
                homing_sync::Connection::Offline { .. } | homing_sync::Connection::Stopped => {
                    Connection::Offline
                }
            };
            status.online = link.online;
            status.offline_since = link.offline_since.map(rfc3339);
            status.problem = self.relay_problem();
        }
        let Some(replica) = &self.replica else { return Ok(status) };
        status.person = Some(replica.person().to_string());
        status.device = Some(replica.device().to_string());
        status.name = Some(replica.me.name.clone());
        status.device_name = Some(replica.me.device_name.clone()).filter(|name| !name.is_empty());
        status.recovery_confirmed = replica.me.recovery_confirmed;
        status.recovery_here = replica.me.recovery_seed.is_some();
        let db = self.db()?;
        status.outbox = self.waiting()?;
        status.refused = self.refused_changes()?;
        status.unread = count(conversations::announced(&db, self.env.now_ms())?.messages);
        status.quarantined = count(entries::count(&db, EntryStatus::Refused)?);
        status.parked = count(entries::count(&db, EntryStatus::Parked)?);
        status.requests = count(self.requests(Nothing {})?.len() as u64);
        status.notices = self.notices_unread()?;
        Ok(status)
    }

    /// How many changes wait for the relay. Without one there is nothing to wait for: what was done is done.
    pub(crate) fn waiting(&self) -> Result<u32, ApiError> {
        Ok(if self.replica()?.has_relay { count(outbox::waiting(&self.db()?)?) } else { 0 })
    }

    /// How many changes need somebody: no relay takes them as they are.
    pub(crate) fn refused_changes(&self) -> Result<u32, ApiError> {
        Ok(count(outbox::refused(&self.db()?)?))
    }

    pub(crate) fn unlock(&mut self, args: Passphrase) -> Result<Status, ApiError> {
        if self.store.is_none() {
            let key = vault::unwrap(&self.folder, &args.passphrase)?;
            self.protection = KeyProtection::Passphrase;
            self.open_store(key)?;
        }
        self.touched.status = true;
        self.status(Nothing {})
    }

    /// Closes the database and forgets its key. Only a passphrase makes that a lock.
    pub(crate) fn lock(&mut self, _: Nothing) -> Result<Status, ApiError> {
        if self.protection != KeyProtection::Passphrase {
            return Err(ApiError::new(
                Code::InvalidArgument,
                "Set a passphrase first (Settings, Passphrase); without one anybody could unlock again.",
            ));
        }
        self.flows_end(&ApiError::new(Code::Locked, "The profile was locked."));
        self.let_go();
        self.stop_link();
        self.pages.forget();
        self.replica = None;
        self.store = None;
        self.key = None;
        let status = self.status(Nothing {})?;
        self.push(crate::port::Output::Event(crate::api::Event::Status { status: status.clone() }));
        Ok(status)
    }

    pub(crate) fn passphrase_set(&mut self, args: PassphraseSet) -> Result<Status, ApiError> {
        let key = self.key.clone().ok_or_else(|| ApiError::new(Code::Locked, "The profile is locked."))?;
        if self.protection == KeyProtection::Passphrase {
            let old = args.old.as_deref().unwrap_or_default();
            if old.is_empty() {
                return Err(vault::wrong_passphrase());
            }
            vault::unwrap(&self.folder, old)?;
        }
        self.protection = match args.new.as_deref() {
            Some(new) if new.chars().count() < PASSPHRASE => {
                return Err(invalid("Choose a passphrase of at least eight characters.").into());
            }
            Some(new) => vault::wrap(&self.folder, &key, new, &mut self.env.rng)?,
            None => vault::keep(&self.folder, &key)?,
        };
        self.touched.status = true;
        self.status(Nothing {})
    }

    pub(crate) fn profile_rename(&mut self, args: ProfileName) -> Result<Status, ApiError> {
        let name = checked_name(&args.name)?;
        self.write(Durability::Full, |tx, replica, env| {
            replica.me.name.clone_from(&name);
            replica.save_identity(tx)?;
            let me = replica.person();
            for row in replica.joined(tx)? {
                if replica.load_space(tx, &row.space)?
                    && replica.writes_as(&row.space).is_some_and(|(_, role)| role.writes())
                {
                    let edit = Edit::SetProfile { name: name.clone() };
                    replica.author(
                        tx,
                        env.now_ms(),
                        &Preimage::profile(row.space, &me),
                        &edit,
                        Label::OTHER,
                    )?;
                }
            }
            replica.touched.status = true;
            Ok(())
        })?;
        self.status(Nothing {})
    }
}
