//! Messages: those that were sent, those being written, those that wait.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Message {
    /// Delete a message of yours for everybody
    Delete { id: String },
    /// Give a message of yours other words; the former ones stay readable as its history
    Edit {
        id: String,
        /// The new words (`-`: from stdin)
        text: String,
    },
    /// All words a message had, oldest first
    History { id: String },
    /// React to a message
    React {
        id: String,
        /// One emoji, such as 👍
        emoji: String,
        /// Take it back
        #[arg(long)]
        remove: bool,
    },
    /// A message and everything that answers it, oldest first
    Thread { id: String },
    /// What the translation service of the settings makes of a message; nothing of it is kept
    Translate {
        id: String,
        /// Into this language, by its tag (de, pt-BR)
        #[arg(long, value_name = "LANGUAGE")]
        to: Option<String>,
    },
    /// Send messages anew into other conversations, with their files; who wrote them is not said
    Forward {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Where to; may be given several times
        #[arg(long, value_name = "CONVERSATION", required = true)]
        to: Vec<String>,
        /// Said before them
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Draft {
    /// Put this text into the conversation's draft
    Set {
        conversation: String,
        /// The text (`-`: from stdin)
        text: String,
        /// The message it answers
        #[arg(long, value_name = "ID")]
        reply_to: Option<String>,
        /// Into this one of its drafts, not the current one
        #[arg(long, value_name = "ID", conflicts_with = "new")]
        draft: Option<String>,
        /// Begin another draft beside those that are there
        #[arg(long)]
        new: bool,
        /// A file to put to it; may be given several times
        #[arg(long, value_name = "FILE")]
        attach: Vec<PathBuf>,
    },
    /// Take files out of the conversation's draft, by their names or ids
    Detach {
        conversation: String,
        #[arg(required = true)]
        file: Vec<String>,
    },
    /// The conversation's draft, and others begun apart
    Show { conversation: String },
    /// Make another of the conversation's drafts the current one; without ID, put all of them aside
    Use { conversation: String, id: Option<String> },
    /// Send the conversation's draft as it is
    Send {
        conversation: String,
        /// A file to send with it; may be given several times
        #[arg(long, value_name = "FILE")]
        attach: Vec<PathBuf>,
        /// When the relay sends it, also while this device is off (2026-11-22T08:00:00+01:00)
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Two drafts beside each other: what both say, and where they differ
    Compare { left: String, right: String },
    /// Throw a draft away
    Discard { id: String },
    /// All drafts
    List,
}

#[derive(Debug, Subcommand)]
pub enum Outbox {
    /// What waits, what is sent at its time, and what stands in its way
    List,
    /// Don't send these; the text of a message is a draft again
    Cancel {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Take a message back into the conversation's draft
    Edit { id: String },
    /// Try refused ones again
    Retry {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Send a planned message at another time; the same one confirms it after its conversation's members changed
    Time {
        id: String,
        /// Such as 2026-11-22T08:00:00+01:00
        #[arg(value_name = "TIME")]
        at: String,
    },
    /// Send a planned message now
    Send { id: String },
    /// Put a message elsewhere among those of its conversation that wait: behind all of them, if nothing else is said
    Move {
        id: String,
        /// Before this one
        #[arg(long, value_name = "ID")]
        before: Option<String>,
    },
}
