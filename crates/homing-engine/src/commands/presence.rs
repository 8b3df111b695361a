//! Who is there: said to the members of the conversation a person has open, heard from them, and never stored.
//!
//! A device says it when somebody comes to a conversation, again from time to time while they stay, and when they go.
//! Who does not want to be seen says nothing, and is told nothing either.

use homing_store::Durability;
use homing_wire::{DeviceId, PersonId, SpaceId};

use crate::api;
use crate::core::Core;
use crate::ephemeral::Said;
use crate::text::rfc3339;

/// So often it is said again while somebody stays.
const AGAIN_MS: u64 = 45_000;
/// Who has not been heard for so long is not there any more.
const HEARD_MS: u64 = 100_000;

impl Core {
    /// Says to the members of a space that this person is there, or has gone.
    pub(crate) fn say_presence(&mut self, space: SpaceId, here: bool) {
        let wanted = self.stored_settings().is_ok_and(|settings| settings.presence);
        let stays = wanted && !self.live.is_empty();
        self.presence_due = stays.then(|| self.env.steady_ms() + AGAIN_MS);
        if wanted {
            self.say_here(space, here);
        }
    }

    fn say_here(&mut self, space: SpaceId, here: bool) {
        if !self.online() {
            return;
        }
        let sealed =
            self.write(Durability::Normal, |tx, replica, env| replica.seal_presence(tx, env, &space, here));
        if let Ok(Some(content)) = sealed {
            self.protocol(homing_sync::Event::Ephemeral { space, content });
        }
    }

    /// Says it again to whoever has the open conversation before them too.
    pub(crate) fn say_presence_again(&mut self, now_ms: u64) {
        if self.presence_due.is_some_and(|due| due <= now_ms) {
            self.presence_due = None;
            self.say_presence_everywhere();
        }
    }

    /// What came from a member's device and is not kept: typing, or being there.
    pub(crate) fn ephemeral_came(&mut self, space: SpaceId, device: DeviceId, content: &[u8]) {
        let opened = self
            .write(Durability::Normal, |tx, replica, _| replica.open_ephemeral(tx, &space, &device, content));
        let Ok(Some((person, said))) = opened else { return };
        if self.is_blocked(Some(person)).unwrap_or_default() {
            return;
        }
        match said {
            Said::Typing(conversation) => self.typing_came(space, person, conversation),
            Said::Here(here) => self.presence_came(space, person, device, here),
        }
    }

    fn presence_came(&mut self, space: SpaceId, person: PersonId, device: DeviceId, here: bool) {
        if !self.stored_settings().is_ok_and(|settings| settings.presence) {
            return;
        }
        let (steady, now) = (self.env.steady_ms(), self.env.now_ms());
        self.heard.retain(|_, at| *at + HEARD_MS > steady);
        let news = self.heard.remove(&(person, device)).is_none();
        if here {
            self.heard.insert((person, device), steady);
        } else if self.heard.keys().any(|(other, _)| *other == person) {
            // Gone from one device, at another.
            return;
        }
        if here && news && self.live.contains(&space) {
            // Who just came learns at once who is there already.
            self.say_presence(space, true);
        }
        let (person, seen_at) = (person.to_string(), rfc3339(now));
        self.push(crate::port::Output::Event(api::Event::Presence { person, here, seen_at }));
    }

    /// The switch may have been turned, here or on another device: who does not say it any more has gone for the others,
    /// and does not see it of them either.
    pub(crate) fn follow_presence(&mut self) {
        if !self.touched.settings {
            return;
        }
        let Ok(on) = self.stored_settings().map(|settings| settings.presence) else { return };
        if self.presence.replace(on) == Some(on) {
            return;
        }
        self.heard.clear();
        match on {
            true => self.say_presence_everywhere(),
            false => self.live.clone().into_iter().for_each(|space| self.say_here(space, false)),
        }
    }

    fn say_presence_everywhere(&mut self) {
        for space in self.live.clone() {
            self.say_presence(space, true);
        }
    }
}
