//! Epochs and person generations: each reaches back to the one before, and only to the announced one.

use homing_crypto::{CryptoError, EpochKey, PersonSecret, context, hpke_open, hpke_seal, seal};

use crate::support::{rng, seed};

#[test]
fn an_epoch_reaches_back_to_the_one_before() {
    let old = EpochKey::from_seed(seed(1));
    let new = EpochKey::from_seed(seed(2));
    let link = new.seal_previous(old.seed(), [5; 24]).unwrap();
    let opened = new.open_previous(&link, [5; 24], &old.commitment()).unwrap();
    assert!(opened.data_key() == old.data_key());
    assert!(opened.slot_key() == old.slot_key());
    assert!(opened.ephemeral_key() == old.ephemeral_key());

    let stranger = EpochKey::from_seed(seed(3));
    assert!(stranger.open_previous(&link, [5; 24], &old.commitment()).is_err());
    assert!(new.open_previous(&link, [6; 24], &old.commitment()).is_err());
    assert!(new.open_previous(&link, [5; 24], &stranger.commitment()).is_err());
}

#[test]
fn an_epoch_seed_that_was_not_announced_is_refused() {
    let announced = EpochKey::from_seed(seed(1)).commitment();
    assert!(EpochKey::from_announced(seed(1), &announced).is_ok());
    assert_eq!(EpochKey::from_announced(seed(2), &announced).unwrap_err(), CryptoError::WrongCommitment);
}

/// A member who holds the new epoch's key can seal any back link; the commitment shows that it is another seed.
#[test]
fn a_forged_back_link_is_refused() {
    let new = EpochKey::from_seed(seed(2));
    let announced = EpochKey::from_seed(seed(1)).commitment();
    let chain = new.seed().derive(context::EPOCH_CHAIN);
    let aad = [announced, new.commitment()].concat();
    let forged = seal(&chain, [0; 24], &aad, seed(9).expose()).unwrap();
    assert_eq!(new.open_previous(&forged, [0; 24], &announced).unwrap_err(), CryptoError::WrongCommitment);
    let short = seal(&chain, [0; 24], &aad, b"short").unwrap();
    assert_eq!(new.open_previous(&short, [0; 24], &announced).unwrap_err(), CryptoError::OpenFailed);
}

#[test]
fn a_person_generation_reaches_back_to_the_one_before() {
    let old = PersonSecret::from_seed(&seed(1));
    let new = PersonSecret::from_seed(&seed(2));
    let link = new.seal_previous(&seed(1), [5; 24]).unwrap();
    assert!(new.open_previous(&link, [5; 24], &old.public()).unwrap() == seed(1));
    assert!(old.open_previous(&link, [5; 24], &old.public()).is_err());
    assert!(new.open_previous(&link, [5; 24], &new.public()).is_err());
}

#[test]
fn a_forged_person_generation_is_refused() {
    let new = PersonSecret::from_seed(&seed(2));
    let announced = PersonSecret::from_seed(&seed(1)).public();
    let chain = seed(2).derive(context::PERSON_CHAIN);
    let aad = [announced.enrol, announced.kem, new.public().enrol, new.public().kem].concat();
    let forged = seal(&chain, [0; 24], &aad, seed(9).expose()).unwrap();
    assert_eq!(new.open_previous(&forged, [0; 24], &announced).unwrap_err(), CryptoError::WrongCommitment);
}

#[test]
fn whoever_holds_a_team_epoch_opens_what_is_sealed_to_the_team() {
    let team = EpochKey::from_seed(seed(4));
    let sealed = hpke_seal(&mut rng(1), &team.kem().public(), b"i", b"a", b"client epoch").unwrap();
    let colleague = EpochKey::from_announced(seed(4), &team.commitment()).unwrap();
    assert_eq!(&hpke_open(&colleague.kem(), b"i", b"a", &sealed).unwrap()[..], b"client epoch");
    assert!(hpke_open(&EpochKey::from_seed(seed(5)).kem(), b"i", b"a", &sealed).is_err());
}
