//! Sending messages anew elsewhere. Their files are encrypted anew, and who wrote them first is not said, unless
//! everybody there can read it anyway.

use homing_model::Extras;
use homing_store::Durability;
use homing_store::messages::{self, MessageRow as StoredMessage};
use homing_wire::DocId;

use crate::api::{ApiError, Code, Forward, Sent};
use crate::commands::Outgoing;
use crate::commands::messages::check_body;
use crate::core::Core;
use crate::fail::{invalid, not_found};
use crate::files::StagedFile;
use crate::marks;
use crate::reply::Reply;

/// Messages, and conversations, of one go.
const MOST: usize = 100;

/// What goes where.
struct Plan {
    messages: Vec<StoredMessage>,
    to: Vec<DocId>,
    comment: String,
}

impl Core {
    pub(crate) fn forward(&mut self, args: Forward, reply: Reply<Vec<Sent>>) {
        let found = self.plan(&args).and_then(|plan| {
            let files: Vec<_> =
                plan.messages.iter().flat_map(|row| row.attachments.iter().cloned()).collect();
            self.have_here(&files, "Forward the other messages without it.")?;
            Ok((plan, files))
        });
        match found {
            Err(error) => self.settle(reply, Err(error)),
            Ok((plan, files)) => {
                let once: Vec<DocId> = files.iter().map(|file| file.id).collect();
                let all: Vec<DocId> = plan.to.iter().flat_map(|_| once.iter().copied()).collect();
                self.with_files_again(&all, reply, move |core, staged| core.forward_now(&plan, staged));
            }
        }
    }

    fn plan(&self, args: &Forward) -> Result<Plan, ApiError> {
        if args.messages.is_empty() || args.to.is_empty() {
            return Err(invalid("Say which messages go where.").into());
        }
        if args.messages.len() > MOST || args.to.len() > MOST {
            return Err(invalid("At most 100 messages go to at most 100 conversations at once.").into());
        }
        let mut rows = Vec::with_capacity(args.messages.len());
        for text in &args.messages {
            let id = self.find_message(text)?;
            let row = messages::get(&self.db()?, &id)?.ok_or_else(|| ApiError::from(not_found("message")))?;
            if row.deleted {
                return Err(ApiError::new(Code::NotFound, "A message that was deleted can't be forwarded."));
            }
            if row.internal {
                return Err(
                    crate::fail::forbidden("A comment stays with your team. It can't be forwarded.").into()
                );
            }
            rows.push(row);
        }
        rows.sort_by_key(StoredMessage::order);
        let to = args.to.iter().map(|text| self.find_conversation(text)).collect::<Result<_, _>>()?;
        let comment = args.comment.trim().to_owned();
        if !comment.is_empty() {
            check_body(&comment, 0)?;
        }
        Ok(Plan { messages: rows, to, comment })
    }

    /// All of it or nothing.
    fn forward_now(&mut self, plan: &Plan, staged: &[StagedFile]) -> Result<Vec<Sent>, ApiError> {
        let sent = self.write(Durability::Full, |tx, replica, env| {
            let mut sent = Vec::new();
            let mut staged = staged;
            for conversation in &plan.to {
                if !plan.comment.is_empty() {
                    replica.send_message(tx, env, Outgoing::text(*conversation, &plan.comment))?;
                }
                for row in &plan.messages {
                    let (files, rest) =
                        staged.split_at_checked(row.attachments.len()).unwrap_or((&[], staged));
                    staged = rest;
                    let previews = marks::extras(&row.marks).previews;
                    let outgoing = Outgoing {
                        files,
                        reply_to: (row.conversation == *conversation).then_some(row.id),
                        extras: Extras { forwarded: true, previews, ..Extras::default() },
                        ..Outgoing::text(*conversation, &row.body)
                    };
                    sent.push((replica.send_message(tx, env, outgoing)?, *conversation));
                }
            }
            Ok(sent)
        })?;
        self.resume_transfers_logged();
        sent.iter().map(|(message, conversation)| self.sent(message, conversation)).collect()
    }
}
