//! Quick replies.

use std::fmt::{self, Display, Formatter};

use homing_engine::api;
use serde::Serialize;

/// A quick reply.
#[derive(Serialize)]
pub struct QuickReply {
    pub id: String,
    pub title: String,
    pub body: String,
    pub category: String,
    pub active: bool,
    pub property: Option<String>,
    pub uses: u32,
    pub team: bool,
    /// Names of the files that go with it.
    pub files: Vec<String>,
}

impl From<api::QuickReply> for QuickReply {
    fn from(row: api::QuickReply) -> Self {
        Self {
            id: row.id,
            title: row.title,
            body: row.body,
            category: row.category,
            active: row.active,
            property: row.property_title,
            uses: row.uses,
            team: row.team,
            files: row.files.into_iter().map(|file| file.name).collect(),
        }
    }
}

impl Display for QuickReply {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}  [{}]", self.id, self.title, self.category)?;
        if let Some(property) = &self.property {
            write!(f, "  {property}")?;
        }
        if !self.active {
            write!(f, "  (not offered)")?;
        }
        for file in &self.files {
            write!(f, "  +{file}")?;
        }
        write!(f, "\n          {}", self.body.replace('\n', "\n          "))
    }
}

/// A quick reply as it was used: what became of its words, and what could not be filled in.
#[derive(Serialize)]
pub struct QuickUsed {
    pub text: String,
    pub gaps: Vec<String>,
    /// The draft its words went into.
    pub draft: String,
}

impl Display for QuickUsed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        for gap in &self.gaps {
            write!(f, "\n[{{{{{gap}}}}} has nothing to say here]")?;
        }
        Ok(())
    }
}

/// A table that was looked at or taken.
#[derive(Serialize)]
pub struct QuickImported {
    pub taken: u32,
    pub lines: Vec<QuickLine>,
}

/// A line of it.
#[derive(Serialize)]
pub struct QuickLine {
    pub line: u32,
    pub title: String,
    pub duplicate: bool,
}

impl From<api::QuickImported> for QuickImported {
    fn from(all: api::QuickImported) -> Self {
        let line = |line: api::QuickLine| QuickLine {
            line: line.line,
            title: line.title,
            duplicate: line.duplicate,
        };
        Self { taken: all.taken, lines: all.lines.into_iter().map(line).collect() }
    }
}

impl Display for QuickImported {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for line in self.lines.iter().filter(|line| line.duplicate) {
            writeln!(f, "Line {}: \"{}\" is there already", line.line, line.title)?;
        }
        write!(f, "{} of {} taken", self.taken, self.lines.len())
    }
}

/// Quick replies as a table.
#[derive(Serialize)]
pub struct QuickTable {
    pub csv: String,
}

impl Display for QuickTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.csv.replace('\r', "").trim_end())
    }
}
