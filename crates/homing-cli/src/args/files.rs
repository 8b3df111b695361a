//! Files of messages, and the room they take here.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Attachment {
    /// Save a file of a message or a property (see `messages`, `property photos`); fetches it first if it is not here yet
    Save { id: String, path: PathBuf },
}

#[derive(Debug, Subcommand)]
pub enum Files {
    /// Files of a conversation, newest first
    List {
        conversation: String,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
    },
    /// Bring files here from the relay, or to the relay what was stopped or refused
    Fetch {
        #[arg(required = true)]
        id: Vec<String>,
    },
    /// Save a file; fetches it first if it is not here yet
    Save { id: String, path: PathBuf },
    /// Stop files on their way, up or down; they go on from there when they are fetched again
    Stop {
        #[arg(required = true)]
        id: Vec<String>,
    },
    /// Keep files on this device however little room there is
    Pin {
        #[arg(required = true)]
        id: Vec<String>,
    },
    /// Let them go when their room is needed
    Unpin {
        #[arg(required = true)]
        id: Vec<String>,
    },
    /// Keep all files of conversations on all your devices, those that come included
    Keep {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Let them go when their room is needed
    Unkeep {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Take files off this device: these, or all that can be fetched again and nothing keeps
    Free { id: Vec<String> },
    /// What files take on this device, and by which rules; options change those
    Room {
        /// Which files come by themselves
        #[arg(long, value_enum)]
        downloads: Option<Download>,
        /// The largest file that comes by itself with `--downloads up_to`, in MB
        #[arg(long, value_name = "MB")]
        up_to: Option<u32>,
        /// Room for files in MB; 0: as much as there is
        #[arg(long, value_name = "MB")]
        room: Option<u32>,
    },
}

/// Which files come by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Download {
    Always,
    OnDemand,
    UpTo,
}
