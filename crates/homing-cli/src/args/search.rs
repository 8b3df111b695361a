//! Search.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct Search {
    /// Words; the last letters of the last word may be missing from three letters on
    #[arg(default_value = "", required_unless_present_any = ["from", "client", "has", "unread", "mine", "before", "after", "on"])]
    pub query: String,
    /// In this conversation only
    #[arg(long, value_name = "CONVERSATION")]
    pub r#in: Option<String>,
    /// By this person; a beginning of the name is enough
    #[arg(long, value_name = "PERSON")]
    pub from: Option<String>,
    /// In conversations with this client
    #[arg(long, value_name = "NAME")]
    pub client: Option<String>,
    /// In conversations about this property
    #[arg(long, value_name = "NAME")]
    pub record: Option<String>,
    /// With a file, image, video, audio, document or link; may be given several times
    #[arg(long, value_name = "WHAT")]
    pub has: Vec<String>,
    /// Unread ones only
    #[arg(long)]
    pub unread: bool,
    /// Your own only
    #[arg(long)]
    pub mine: bool,
    /// Before this day
    #[arg(long, value_name = "DAY")]
    pub before: Option<String>,
    /// From this day on
    #[arg(long, value_name = "DAY")]
    pub after: Option<String>,
    /// On this day, or in this month or year
    #[arg(long, value_name = "DAY")]
    pub on: Option<String>,
    /// The best are looked for among the newest 500
    #[arg(long, default_value = "newest")]
    pub order: SearchOrder,
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SearchOrder {
    Newest,
    Best,
}
