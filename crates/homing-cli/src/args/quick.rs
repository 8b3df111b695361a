//! Quick replies.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use homing_engine::api::{QUICK_VARIABLES, QuickDuplicates};

#[derive(Debug, Subcommand)]
#[command(after_help = variables())]
pub enum Quick {
    /// Those that are offered, the most used first
    List {
        /// Only with these words
        query: Option<String>,
        /// Only of one category (`greeting`, `check_in`, ...)
        #[arg(long)]
        category: Option<String>,
        /// Only those for this conversation: for everywhere, and for the properties it is about
        #[arg(long, value_name = "CONVERSATION")]
        r#in: Option<String>,
        /// Those that are not offered too
        #[arg(long)]
        all: bool,
    },
    /// Write a new one
    Add {
        title: String,
        /// Its words (`-`: from stdin)
        body: String,
        #[arg(long)]
        category: Option<String>,
        /// Only where this property is talked about
        #[arg(long, value_name = "TITLE or ID")]
        property: Option<String>,
        /// Not offered yet
        #[arg(long)]
        inactive: bool,
        /// A file that goes with it; may be given several times
        #[arg(long)]
        file: Vec<PathBuf>,
    },
    /// Change one: what is not named stays as it was
    Edit {
        /// Its id or title
        id: String,
        #[arg(long)]
        title: Option<String>,
        /// Its words (`-`: from stdin)
        #[arg(long)]
        body: Option<String>,
        #[arg(long)]
        category: Option<String>,
        /// Only where this property is talked about; empty: everywhere
        #[arg(long, value_name = "TITLE or ID")]
        property: Option<String>,
        /// Offer it
        #[arg(long, conflicts_with = "inactive")]
        active: bool,
        /// Don't offer it any more
        #[arg(long)]
        inactive: bool,
        /// A file that goes with it too; may be given several times
        #[arg(long)]
        file: Vec<PathBuf>,
        /// Takes out the files it had
        #[arg(long)]
        no_files: bool,
    },
    /// Remove one
    Remove {
        id: String,
        /// Take it back
        #[arg(long)]
        undo: bool,
    },
    /// Put its words, filled in, and its files into a conversation's draft
    Use { id: String, conversation: String },
    /// Take a table (CSV with the columns title, body, category, active, property); all of it or nothing
    Import {
        file: PathBuf,
        /// What happens to those whose title is there already
        #[arg(long, value_enum, default_value = "skip")]
        duplicates: Duplicates,
        /// Only say what would happen
        #[arg(long)]
        check: bool,
    },
    /// Write all of them as a table (CSV), into a file or to the screen
    Export { file: Option<PathBuf> },
}

/// What can stand in a quick reply, a few to a line.
fn variables() -> String {
    let lines: Vec<String> = QUICK_VARIABLES
        .chunks(4)
        .map(|some| some.iter().map(|name| format!("{{{{{name}}}}}")).collect::<Vec<_>>().join(" "))
        .collect();
    format!("Variables in a quick reply:\n{}", lines.join("\n"))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Duplicates {
    Skip,
    Replace,
    Both,
}

impl From<Duplicates> for QuickDuplicates {
    fn from(which: Duplicates) -> Self {
        match which {
            Duplicates::Skip => Self::Skip,
            Duplicates::Replace => Self::Replace,
            Duplicates::Both => Self::Both,
        }
    }
}
