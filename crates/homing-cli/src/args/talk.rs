//! Conversations, and what is done with them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Conversation {
    /// Begin a conversation
    New {
        #[arg(long, value_name = "TEXT")]
        subject: Option<String>,
        /// With whom; may be given several times. One client: in that client's space; nobody: notes to yourself
        #[arg(long, value_name = "PERSON")]
        with: Vec<String>,
        /// Its first message (`-`: from stdin)
        #[arg(long, value_name = "TEXT")]
        message: Option<String>,
        /// A file to send with the first message; may be given several times
        #[arg(long, value_name = "FILE", requires = "message")]
        attach: Vec<PathBuf>,
        /// The property it is about; may be given several times
        #[arg(long, value_name = "RECORD")]
        about: Vec<String>,
    },
    /// Conversations, the last active first
    List {
        #[arg(long, default_value = "active")]
        filter: Filter,
        /// Those about this property
        #[arg(long, value_name = "RECORD")]
        record: Option<String>,
        /// Those in this client's space
        #[arg(long, value_name = "CLIENT")]
        client: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
    /// One conversation
    Show { conversation: String },
    /// Put them away; a new message brings one back, unless it is muted
    Archive {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Take them back from the archive
    Unarchive {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Mark everything in them read
    Read {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Mark them unread
    Unread {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Keep them at the top
    Pin {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Let them go where they belong
    Unpin {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Announce nothing of them; without a time, until you take it back
    Mute {
        #[arg(required = true)]
        conversation: Vec<String>,
        #[command(flatten)]
        until: Until,
    },
    /// Announce them again
    Unmute {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Put them out of sight for a time; a new message brings them back sooner
    Snooze {
        #[arg(required = true)]
        conversation: Vec<String>,
        #[command(flatten)]
        until: Until,
    },
    /// Bring them back now
    Unsnooze {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Say who of your team looks after clients' conversations
    Assign {
        #[arg(required = true)]
        conversation: Vec<String>,
        #[arg(long, value_name = "PERSON")]
        to: String,
    },
    /// Let nobody look after them
    Unassign {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Let it go on in another conversation with the same people
    Merge { conversation: String, into: String },
    /// Let it go its own way again (its id, not its name)
    Unmerge { conversation: String },
    /// Write a remark beside a client's conversation that only your team sees
    Comment {
        conversation: String,
        /// The remark (`-`: from stdin)
        text: String,
        /// A colleague to name in it; may be given several times
        #[arg(long, value_name = "PERSON")]
        mention: Vec<String>,
    },
    /// Give it another subject
    Rename { conversation: String, subject: String },
    /// Say that it is about a property
    Link { conversation: String, record: String },
    /// Take that back
    Unlink { conversation: String, record: String },
    /// Delete them on your devices; what is written in one later brings it back, without what was there before
    Delete {
        #[arg(required = true)]
        conversation: Vec<String>,
        /// For all their members, with their messages and files; this can't be undone
        #[arg(long)]
        everyone: bool,
    },
    /// Bring back what you last deleted on your devices
    Restore {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Filter {
    All,
    Active,
    Unread,
    Archived,
    /// Somebody named you in them
    Mentions,
    /// What comes back first, first
    Snoozed,
    Drafts,
    /// Assigned to you
    Mine,
    /// Of clients, assigned to nobody
    Unassigned,
    /// With people you don't hear
    Blocked,
}

/// How long something lasts.
#[derive(Debug, Args)]
pub struct Until {
    /// Until this time (RFC 3339)
    #[arg(long, value_name = "TIME", conflicts_with = "for")]
    pub until: Option<String>,
    /// For so long: 30m, 8h, 2d
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub r#for: Option<std::time::Duration>,
}

fn length(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || "give a time such as 30m, 8h or 2d".to_owned();
    let unit = match text.chars().last() {
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let count: u64 = text.get(..text.len() - 1).and_then(|count| count.parse().ok()).ok_or_else(wrong)?;
    let seconds = count.checked_mul(unit).filter(|seconds| (1..=3_650 * 86_400).contains(seconds));
    seconds.map(std::time::Duration::from_secs).ok_or_else(wrong)
}
