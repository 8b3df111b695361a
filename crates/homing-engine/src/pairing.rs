//! Linking a second device: two screens, one code, six digits.
//!
//! Both devices derive a meeting place (a mailbox at the relay) and a key from a one-time code that the person
//! carries from one screen to the other. The relay, or anybody who photographed the code, could still stand in
//! the middle; so the new device first commits to its key, the existing one shows its own, and only then the new
//! one opens its commitment. Six digits of the whole exchange are then compared by the person: a middleman has one
//! guess in a million (short authentication strings after a commitment, as in Vaudenay, CRYPTO 2005).
//!
//! This module is the exchange alone: messages in, messages out.

use homing_crypto::{DeviceSecret, LinkCode, Seed32, context, link_commitment, link_digits, random_nonce};
use homing_wire::codec::{decode, encode};
use homing_wire::{AccountOp, DeviceKeys, Hash, MailboxId, PersonId, Signature, VerifyKey, limits};
use minicbor::{CborLen, Decode, Encode};
use rand_core::CryptoRng;

use crate::identity::device_keys;

/// How long a code is good for.
pub(crate) const LINK_MS: u64 = 10 * 60 * 1000;

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, CborLen)]
enum Message {
    /// New device: its name, and a promise about its keys.
    #[n(0)]
    Hello {
        #[n(0)]
        commitment: Hash,
        #[n(1)]
        device_name: String,
    },
    /// Existing device: whose it is, its key and nonce.
    #[n(1)]
    Offer {
        #[n(0)]
        person: PersonId,
        #[n(1)]
        person_name: String,
        #[n(2)]
        device: DeviceKeys,
        #[n(3)]
        nonce: Hash,
    },
    /// New device: its keys, its nonce, and its consent to belong to the person.
    #[n(2)]
    Reveal {
        #[n(0)]
        device: DeviceKeys,
        #[n(1)]
        nonce: Hash,
        #[n(2)]
        consent: Signature,
    },
    /// Existing device: the account log holds the new device.
    #[n(3)]
    Granted {
        #[n(0)]
        relay_key: VerifyKey,
        /// The recovery words' seed, so that they can be shown on every device.
        #[n(1)]
        recovery_seed: Option<VerifyKey>,
        #[n(2)]
        recovery_confirmed: bool,
    },
    /// Either: it ends here.
    #[n(4)]
    Cancelled,
}

/// Why an exchange failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PairingError {
    /// A message did not open or came out of turn: another code, or somebody in between.
    Tampered,
    /// The other side ended it.
    Cancelled,
}

/// The code, the mailbox and the key both sides share.
pub(crate) struct Meeting {
    pub mailbox: MailboxId,
    key: Seed32,
}

impl Meeting {
    /// Stretches the code; takes about a second by intent.
    pub fn new(code: &LinkCode) -> Option<Self> {
        let shared = code.stretch().ok()?;
        let place = shared.derive(context::LINK_MEETING);
        Some(Self { mailbox: MailboxId::from_slice(place.expose().split_at(16).0)?, key: shared })
    }

    fn seal(&self, rng: &mut impl CryptoRng, from_new: bool, message: &Message) -> Option<Vec<u8>> {
        let nonce = random_nonce(rng);
        let key = self.key.derive(context::LINK_SEAL);
        let sealed = homing_crypto::seal(&key, nonce, &[u8::from(from_new)], &encode(message)).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, from_new: bool, bytes: &[u8]) -> Option<Message> {
        let (nonce, sealed) = bytes.split_at_checked(24)?;
        let key = self.key.derive(context::LINK_SEAL);
        let plain = homing_crypto::open(&key, nonce.try_into().ok()?, &[u8::from(from_new)], sealed).ok()?;
        decode("link message", &plain, limits::MAILBOX).ok()
    }
}

/// What a step asks for.
#[derive(Debug)]
pub(crate) enum Step {
    /// Put this into the mailbox.
    Put(Vec<u8>),
    /// Show these digits and let the person compare them.
    Compare,
    /// New device: it belongs to the person now.
    Enrolled(Box<Enrolment>),
}

/// What the new device learned.
#[derive(Debug, Clone)]
pub(crate) struct Enrolment {
    pub person: PersonId,
    pub person_name: String,
    pub relay_key: VerifyKey,
    pub recovery_seed: Option<[u8; 32]>,
    pub recovery_confirmed: bool,
}

/// What the existing device approves.
#[derive(Debug, Clone)]
pub(crate) struct Applicant {
    pub device: DeviceKeys,
    pub consent: Signature,
}

/// The existing device's side.
pub(crate) struct Offering {
    pub meeting: Meeting,
    person: PersonId,
    person_name: String,
    device: DeviceKeys,
    nonce: Hash,
    /// Messages of the mailbox looked at.
    pub seen: u32,
    hello: Option<(Hash, String)>,
    applicant: Option<Applicant>,
    pub digits: Option<String>,
}

impl Offering {
    pub fn new(
        rng: &mut impl CryptoRng,
        meeting: Meeting,
        person: PersonId,
        name: &str,
        device: &DeviceSecret,
    ) -> Self {
        Self {
            meeting,
            person,
            person_name: name.to_owned(),
            device: device_keys(device),
            nonce: random_hash(rng),
            seen: 0,
            hello: None,
            applicant: None,
            digits: None,
        }
    }

    pub fn device_name(&self) -> Option<&str> {
        self.hello.as_ref().map(|(_, name)| name.as_str())
    }

    /// Who asks, once both screens show the digits.
    pub fn applicant(&self) -> Option<&Applicant> {
        self.applicant.as_ref()
    }

    /// Takes a message of the mailbox. Own messages come back too and are passed over.
    pub fn receive(&mut self, rng: &mut impl CryptoRng, bytes: &[u8]) -> Result<Vec<Step>, PairingError> {
        self.seen = self.seen.saturating_add(1);
        if self.meeting.open(false, bytes).is_some() {
            return Ok(Vec::new());
        }
        match (self.meeting.open(true, bytes).ok_or(PairingError::Tampered)?, &self.hello, &self.applicant) {
            (Message::Hello { commitment, device_name }, None, None) => {
                self.hello = Some((commitment, device_name));
                let offer = Message::Offer {
                    person: self.person,
                    person_name: self.person_name.clone(),
                    device: self.device,
                    nonce: self.nonce,
                };
                let put = self.meeting.seal(rng, false, &offer).ok_or(PairingError::Tampered)?;
                Ok(vec![Step::Put(put)])
            }
            (Message::Reveal { device, nonce, consent }, Some((commitment, _)), None) => {
                let consented = AccountOp::consent_bytes(&self.person, &device);
                let opened = Hash(link_commitment(&device_hash(&device), &nonce.0)) == *commitment;
                let agreed = homing_crypto::verify(
                    homing_crypto::Domain::AccountOp,
                    &device.device.0,
                    &consented,
                    &consent.0,
                )
                .is_ok();
                if !opened || !agreed {
                    return Err(PairingError::Tampered);
                }
                let digits = digits(&self.meeting, &self.person, &self.device, &self.nonce, &device, &nonce);
                self.applicant = Some(Applicant { device, consent });
                self.digits = Some(digits.clone());
                Ok(vec![Step::Compare])
            }
            (Message::Cancelled, ..) => Err(PairingError::Cancelled),
            _ => Err(PairingError::Tampered),
        }
    }

    /// The last message, once the account log holds the new device.
    pub fn granted(
        &self,
        rng: &mut impl CryptoRng,
        relay_key: VerifyKey,
        recovery_seed: Option<&Seed32>,
        recovery_confirmed: bool,
    ) -> Option<Vec<u8>> {
        let recovery_seed = recovery_seed.map(|s| VerifyKey(*s.expose()));
        self.meeting.seal(rng, false, &Message::Granted { relay_key, recovery_seed, recovery_confirmed })
    }

    pub fn cancelled(&self, rng: &mut impl CryptoRng) -> Option<Vec<u8>> {
        self.meeting.seal(rng, false, &Message::Cancelled)
    }
}

/// The new device's side.
pub(crate) struct Accepting {
    pub meeting: Meeting,
    device: DeviceSecret,
    nonce: Hash,
    pub seen: u32,
    offer: Option<(PersonId, String)>,
    pub digits: Option<String>,
}

impl Accepting {
    /// Also gives the first message.
    pub fn new(
        rng: &mut impl CryptoRng,
        meeting: Meeting,
        device: DeviceSecret,
        device_name: &str,
    ) -> Option<(Self, Vec<u8>)> {
        let nonce = random_hash(rng);
        let commitment = Hash(link_commitment(&device_hash(&device_keys(&device)), &nonce.0));
        let hello = Message::Hello { commitment, device_name: device_name.to_owned() };
        let first = meeting.seal(rng, true, &hello)?;
        Some((Self { meeting, device, nonce, seen: 0, offer: None, digits: None }, first))
    }

    /// Takes a message of the mailbox. Own messages come back too and are passed over.
    pub fn receive(&mut self, rng: &mut impl CryptoRng, bytes: &[u8]) -> Result<Vec<Step>, PairingError> {
        self.seen = self.seen.saturating_add(1);
        if self.meeting.open(true, bytes).is_some() {
            return Ok(Vec::new());
        }
        match (self.meeting.open(false, bytes).ok_or(PairingError::Tampered)?, &self.offer) {
            (Message::Offer { person, person_name, device, nonce }, None) => {
                let keys = device_keys(&self.device);
                let consent = self
                    .device
                    .signing()
                    .sign(homing_crypto::Domain::AccountOp, &AccountOp::consent_bytes(&person, &keys));
                let reveal = Message::Reveal { device: keys, nonce: self.nonce, consent: Signature(consent) };
                let put = self.meeting.seal(rng, true, &reveal).ok_or(PairingError::Tampered)?;
                let digits = digits(&self.meeting, &person, &device, &nonce, &keys, &self.nonce);
                self.offer = Some((person, person_name));
                self.digits = Some(digits.clone());
                Ok(vec![Step::Put(put), Step::Compare])
            }
            (
                Message::Granted { relay_key, recovery_seed, recovery_confirmed },
                Some((person, person_name)),
            ) => Ok(vec![Step::Enrolled(Box::new(Enrolment {
                person: *person,
                person_name: person_name.clone(),
                relay_key,
                recovery_seed: recovery_seed.map(|seed| seed.0),
                recovery_confirmed,
            }))]),
            (Message::Cancelled, _) => Err(PairingError::Cancelled),
            _ => Err(PairingError::Tampered),
        }
    }
}

fn random_hash(rng: &mut impl CryptoRng) -> Hash {
    let mut bytes = [0u8; 32];
    rng.fill_bytes(&mut bytes);
    Hash(bytes)
}

fn device_hash(device: &DeviceKeys) -> [u8; 32] {
    Hash::of(&encode(device)).0
}

fn digits(
    meeting: &Meeting,
    person: &PersonId,
    old: &DeviceKeys,
    old_nonce: &Hash,
    new: &DeviceKeys,
    new_nonce: &Hash,
) -> String {
    link_digits(&meeting.key, &encode(&(*person, *old, *old_nonce, *new, *new_nonce)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use homing_crypto::DeviceSecret;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn meeting(seed: u8) -> Meeting {
        Meeting { mailbox: MailboxId([seed; 16]), key: Seed32::from_bytes([seed; 32]) }
    }

    fn device(seed: u8) -> DeviceSecret {
        DeviceSecret::from_seed(&Seed32::from_bytes([seed; 32]))
    }

    fn put(steps: &[Step]) -> Vec<u8> {
        steps
            .iter()
            .find_map(|s| match s {
                Step::Put(bytes) => Some(bytes.clone()),
                _ => None,
            })
            .unwrap()
    }

    #[test]
    fn both_sides_show_the_same_digits_and_the_new_device_is_enrolled() {
        let rng = &mut ChaCha20Rng::from_seed([9; 32]);
        let person = PersonId([7; 32]);
        let mut old = Offering::new(rng, meeting(1), person, "Ada", &device(1));
        let (mut new, hello) = Accepting::new(rng, meeting(1), device(2), "Desktop").unwrap();
        let offer = put(&old.receive(rng, &hello).unwrap());
        let reveal = put(&new.receive(rng, &offer).unwrap());
        old.receive(rng, &reveal).unwrap();
        assert_eq!(old.digits, new.digits);
        assert_eq!(old.device_name(), Some("Desktop"));
        let granted = old.granted(rng, VerifyKey([3; 32]), Some(&Seed32::from_bytes([5; 32])), true).unwrap();
        let steps = new.receive(rng, &granted).unwrap();
        let Some(Step::Enrolled(enrolment)) = steps.first() else { panic!("not enrolled") };
        assert_eq!(enrolment.person, person);
        assert_eq!(enrolment.recovery_seed, Some([5; 32]));
    }

    #[test]
    fn a_key_other_than_the_promised_one_is_refused() {
        let rng = &mut ChaCha20Rng::from_seed([9; 32]);
        let person = PersonId([7; 32]);
        let mut old = Offering::new(rng, meeting(1), person, "Ada", &device(1));
        let (_, hello) = Accepting::new(rng, meeting(1), device(2), "Desktop").unwrap();
        let offer = put(&old.receive(rng, &hello).unwrap());
        // Somebody who knows the code answers with keys of their own after having seen the offer.
        let (mut other, _) = Accepting::new(rng, meeting(1), device(3), "Mallory").unwrap();
        let reveal = put(&other.receive(rng, &offer).unwrap());
        assert_eq!(old.receive(rng, &reveal).unwrap_err(), PairingError::Tampered);
    }

    #[test]
    fn another_code_opens_nothing() {
        let rng = &mut ChaCha20Rng::from_seed([9; 32]);
        let mut old = Offering::new(rng, meeting(1), PersonId([7; 32]), "Ada", &device(1));
        let (_, hello) = Accepting::new(rng, meeting(2), device(2), "Desktop").unwrap();
        assert_eq!(old.receive(rng, &hello).unwrap_err(), PairingError::Tampered);
    }
}
