//! What a person sets for somebody else, for themselves: blocked, called otherwise; and spam that is reported.

use std::fmt::Write as _;

use homing_model::{Edit, Preimage};
use homing_store::{Durability, messages, people};
use homing_wire::PersonId;

use crate::api::{
    ApiError, Code, ConversationChange, ConversationsChange, Nothing, OneChange, PersonRow, PersonSet,
    SpamReport, SpamReported,
};
use crate::author::Label;
use crate::core::Core;
use crate::fail::{invalid, not_found};
use crate::text::{rfc3339, visible};

/// Messages kept as evidence.
const EVIDENCE: u32 = 200;

impl Core {
    pub(crate) fn person_set(&mut self, args: PersonSet) -> Result<Vec<PersonRow>, ApiError> {
        let person = self.find_person(&args.person)?;
        self.set_person(&person, args.blocked, args.name.as_deref())?;
        self.people(Nothing {})
    }

    fn set_person(
        &mut self,
        person: &PersonId,
        blocked: Option<bool>,
        name: Option<&str>,
    ) -> Result<(), ApiError> {
        if *person == self.replica()?.person() {
            return Err(invalid("This is you. Your own name is changed in the settings.").into());
        }
        let name = name.map(|name| name.trim().to_owned());
        self.write(Durability::Full, |tx, replica, env| {
            let preimage = Preimage::person_state(replica.personal(), person);
            if let Some(on) = blocked {
                replica.author(tx, env.now_ms(), &preimage, &Edit::SetBlocked(on), Label::OTHER)?;
            }
            if let Some(name) = name {
                let edit = Edit::SetLocalName { name };
                replica.author(tx, env.now_ms(), &preimage, &edit, Label::OTHER)?;
            }
            Ok(())
        })
    }

    /// Blocks, puts away, and keeps what was written as evidence if that is wanted. The evidence is written first: what
    /// fails then has changed nothing.
    pub(crate) fn spam_report(&mut self, args: SpamReport) -> Result<SpamReported, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let person = self.find_person(&args.person)?;
        let mut kept = 0;
        if let Some(file) = &args.file {
            let known =
                people::get(&self.db()?, &person)?.ok_or_else(|| ApiError::from(not_found("person")))?;
            let rows = messages::before(&self.db()?, &id, None, EVIDENCE)?;
            let words = &args.words;
            let head = [
                (&words.report, rfc3339(self.env.now_ms())),
                (&words.name, visible(&known.name)),
                (&words.id, person.to_string()),
                (&words.conversation, id.to_string()),
            ];
            let mut text: String =
                head.iter().map(|(label, value)| format!("{}{value}\n", before(label))).collect();
            for row in rows.iter().filter(|row| row.author == person) {
                kept += 1;
                // Writing into a text can't fail.
                let _ = write!(text, "\n{} {}\n{}\n", rfc3339(row.at_ms), row.id, row.body);
                for file in &row.attachments {
                    let label = before(&words.attachment);
                    let _ = writeln!(text, "[{label}{}, {} B]", visible(&file.name), file.size);
                }
            }
            std::fs::write(file, text).map_err(|error| {
                ApiError::new(
                    Code::FileFailed,
                    format!("The evidence could not be written ({error}). Nothing was changed."),
                )
            })?;
        }
        self.set_person(&person, Some(true), None)?;
        let change = ConversationChange::Archive { on: true };
        let changes = vec![OneChange { conversation: id.to_string(), change }];
        let undo = self.conversations_change(ConversationsChange { changes })?.undo;
        Ok(SpamReported { people: self.people(Nothing {})?, undo, kept })
    }
}

/// A word before what it names.
fn before(label: &str) -> String {
    if label.is_empty() { String::new() } else { format!("{}: ", visible(label)) }
}
