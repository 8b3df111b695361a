//! Ops of account logs.

use homing_access::AccountState;
use homing_store::parked::Wait;
use homing_store::{Tx, accounts};
use homing_wire::{AccountOp, PersonId};

use crate::fail::Fail;
use crate::replica::Replica;

impl Replica {
    /// Takes in ops of an account log, which continue what is known or begin it.
    pub fn ingest_account(&mut self, tx: &Tx<'_>, person: &PersonId, ops: &[Vec<u8>]) -> Result<(), Fail> {
        if *person == self.person() && Self::account_due_again(tx)? && !self.replace_account(tx, ops)? {
            return Ok(());
        }
        self.load_account(tx, person)?;
        let mut moved = false;
        for bytes in ops {
            let Ok(op) = AccountOp::decode(bytes) else {
                tracing::warn!("an account op of an unknown form was passed over");
                break;
            };
            let id = op.id();
            let place = match self.known.accounts.get_mut(person) {
                Some(state) if state.contains(&id) => continue,
                Some(state) => {
                    let place = state.len();
                    if state.apply(&op).is_err() {
                        tracing::warn!("an account op was refused");
                        break;
                    }
                    place
                }
                None => {
                    let Ok(state) = AccountState::genesis(&op) else { break };
                    if state.person() != *person {
                        break;
                    }
                    self.known.accounts.insert(*person, state);
                    0
                }
            };
            accounts::append(tx, person, place as u64, &id, bytes)?;
            moved = true;
        }
        self.wants.accounts.remove(person);
        if moved {
            if *person == self.person() {
                self.open_person_seeds(tx)?;
                self.settle_words(tx)?;
            }
            self.touched.people = true;
            self.wake(tx, &Wait::Person(*person))?;
        }
        Ok(())
    }
}
