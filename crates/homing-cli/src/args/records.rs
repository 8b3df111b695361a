//! Properties and interests.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The fields of a property. An empty text empties a field.
#[derive(Debug, Args)]
pub struct PropertyFields {
    /// An amount and its currency, such as "420000 EUR"
    #[arg(long, value_name = "AMOUNT")]
    pub price: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub place: Option<String>,
    /// draft, available, reserved, sold, rented, off_market
    #[arg(long)]
    pub status: Option<String>,
    /// What clients read about it (`-`: from stdin)
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// What no client ever sees
    #[arg(long, value_name = "TEXT")]
    pub internal_notes: Option<String>,
    /// A photo to add; may be given several times
    #[arg(long, value_name = "FILE")]
    pub photo: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Property {
    /// Keep a property, in your team's space
    New {
        #[arg(long, value_name = "TEXT")]
        title: String,
        #[command(flatten)]
        fields: PropertyFields,
    },
    /// Properties, those changed last first
    List {
        /// Words of title, place or status
        #[arg(long, value_name = "TEXT", default_value = "")]
        query: String,
        #[arg(long)]
        status: Option<String>,
        /// Deleted ones
        #[arg(long)]
        deleted: bool,
        /// As CSV
        #[arg(long)]
        csv: bool,
    },
    /// One property, with its fields, conflicts, whom it is shared with, and its conversations
    Show { property: String },
    /// Change fields
    Set {
        property: String,
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
        #[command(flatten)]
        fields: PropertyFields,
    },
    /// Its photos in their order; options change them
    ///
    /// PHOTO is the name of its file or its id.
    Photos {
        property: String,
        /// Add one; may be given several times
        #[arg(long, value_name = "FILE")]
        add: Vec<PathBuf>,
        /// Take one away; may be given several times
        #[arg(long, value_name = "PHOTO")]
        remove: Vec<String>,
        /// Put one before the others; given several times, they stand in this order
        #[arg(long, value_name = "PHOTO")]
        first: Vec<String>,
    },
    /// Choose a value of a field that was edited apart (see `show`)
    Settle {
        property: String,
        field: String,
        #[arg(required_unless_present = "all")]
        change: Option<String>,
        /// Of photos: keep those of all values
        #[arg(long, conflicts_with = "change")]
        all: bool,
    },
    /// What clients would see of it
    Preview { property: String },
    /// Share it with clients, without what is internal
    Publish {
        property: String,
        /// May be given several times
        #[arg(long, value_name = "CLIENT", required = true)]
        to: Vec<String>,
    },
    /// Take it back from clients
    Withdraw {
        property: String,
        /// May be given several times
        #[arg(long, value_name = "CLIENT", required = true)]
        from: Vec<String>,
    },
    /// Ask about a property that was shared with you
    Ask {
        property: String,
        /// The message (`-`: from stdin)
        text: String,
    },
    /// Delete it; clients lose it too
    Delete { property: String },
    /// Take a deletion back
    Restore { property: String },
}

#[derive(Debug, Subcommand)]
pub enum Interest {
    /// Note how much a client is interested in a property; there is one interest for both
    Set {
        property: String,
        /// Whose, if you have several clients
        #[arg(long)]
        client: Option<String>,
        /// low, medium, high, very_high
        #[arg(long)]
        level: Option<String>,
        /// interested, viewing_scheduled, offer_made, negotiating, purchased, not_interested
        #[arg(long)]
        status: Option<String>,
        #[arg(long, value_name = "TEXT")]
        notes: Option<String>,
    },
    /// Interests, the strongest last
    List {
        #[arg(long)]
        client: Option<String>,
        #[arg(long)]
        property: Option<String>,
        #[arg(long)]
        level: Option<String>,
        #[arg(long)]
        status: Option<String>,
        /// As CSV
        #[arg(long)]
        csv: bool,
    },
    /// One interest, with its fields and what was edited apart
    Show {
        property: String,
        /// Whose, if several clients are interested
        #[arg(long)]
        client: Option<String>,
    },
    /// Choose a value of a field that was edited apart (see `show`)
    Settle {
        property: String,
        field: String,
        change: String,
        #[arg(long)]
        client: Option<String>,
    },
    /// Remove an interest; noting it again brings it back
    Remove {
        property: String,
        #[arg(long)]
        client: Option<String>,
    },
    /// Take that back
    Restore {
        property: String,
        #[arg(long)]
        client: Option<String>,
    },
}
