//! Quick replies as a table (CSV, RFC 4180), to be written and read with any spreadsheet.
//!
//! The first line names the columns, in any order: `title` and `body` have to be there, `category`, `active` and
//! `property` may be. A file is taken as a whole or not at all: every line that can't be taken is named with its number.
//! Spreadsheets of many countries part columns by semicolons or tabs; the first line tells.
//!
//! What a spreadsheet would take for a formula is written with an apostrophe before it, which it takes for text, and read
//! without.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use homing_model::record::{QUICK_CATEGORIES, QUICK_TITLE};

use super::CUSTOM;
use crate::api::QuickFaultCode as Code;

/// Lines of one file.
const ROWS: usize = 2_000;
/// What a cell begins with that a spreadsheet calculates; some take the wide forms too.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
const COLUMNS: [&str; 5] = ["title", "body", "category", "active", "property"];
/// Bytes of a reply's words.
pub(super) const BODY: usize = homing_model::limits::NOTE;

/// A line of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number in the file; the line that names the columns is the first.
    pub number: u64,
    pub title: String,
    pub body: String,
    // None of the table has no such column: it says nothing about it.
    pub category: Option<String>,
    pub active: Option<bool>,
    /// Title or id of a property; empty for everywhere.
    pub property: Option<String>,
}

/// Why a line can't be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub line: u64,
    pub wrong: Wrong,
}

/// What is wrong with what was given, and the name or number it is about; in English too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub code: Code,
    pub about: String,
    pub message: String,
}

fn wrong(code: Code, message: impl Into<String>) -> Wrong {
    Wrong { code, about: String::new(), message: message.into() }
}

fn about(code: Code, about: impl ToString, message: String) -> Wrong {
    Wrong { code, about: about.to_string(), message }
}

/// Reads a table; either all of its lines or everything that is wrong with them.
pub(crate) fn read(text: &str) -> Result<Vec<Line>, Vec<Fault>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let places = Lines::of(text);
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).delimiter(delimiter(text)).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| vec![places.unreadable(&error)])?.clone();
    let columns = columns(&header).map_err(|wrong| vec![Fault { line: 1, wrong }])?;
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for record in reader.records() {
        if lines.len() + faults.len() >= ROWS {
            let line = lines.last().map_or(1, |line: &Line| line.number + 1);
            let message = format!("A file can have at most {ROWS} quick replies.");
            faults.push(Fault { line, wrong: about(Code::TooMany, ROWS, message) });
            break;
        }
        match record {
            Err(error) => faults.push(places.unreadable(&error)),
            Ok(record) => {
                let number = places.number(record.position());
                match line(&record, &columns, header.len(), number) {
                    Err(wrong) => faults.push(Fault { line: number, wrong }),
                    Ok(line) => lines.push(line),
                }
            }
        }
    }
    if lines.is_empty() && faults.is_empty() {
        let wrong = wrong(Code::Empty, "There is no quick reply in this file.");
        faults.push(Fault { line: 1, wrong });
    }
    if faults.is_empty() { Ok(lines) } else { Err(faults) }
}

/// Lines with the title of one before them: which of them one reply should be replaced by, nobody knows.
pub(crate) fn repeated<'a>(lines: impl Iterator<Item = &'a Line>) -> Vec<Fault> {
    let mut titles = BTreeMap::new();
    let again = lines.filter_map(|line| match titles.entry(line.title.to_lowercase()) {
        Entry::Vacant(place) => {
            place.insert(line.number);
            None
        }
        Entry::Occupied(first) => {
            let message = format!("Line {} has the same title, \"{}\".", first.get(), line.title);
            Some(Fault { line: line.number, wrong: about(Code::SameTitle, first.get(), message) })
        }
    });
    again.collect()
}

/// What parts the columns.
fn delimiter(text: &str) -> u8 {
    let first = text.split(['\n', '\r']).next().unwrap_or_default();
    [b';', b'\t']
        .into_iter()
        .find(|mark| !first.contains(',') && first.as_bytes().contains(mark))
        .unwrap_or(b',')
}

fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

/// A cell that nothing calculates with.
fn guarded(cell: &str) -> String {
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|_| is_formula(cell)).unwrap_or(cell)
}

/// Where the lines of a text begin. The reader's own count stops before the line break it has not read yet.
struct Lines<'a> {
    text: &'a [u8],
    begins: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let pairs = bytes.iter().zip(bytes.iter().skip(1).chain([&0])).enumerate();
        let ends = pairs.filter(|(_, (byte, next))| **byte == b'\n' || (**byte == b'\r' && **next != b'\n'));
        Self { text: bytes, begins: ends.map(|(at, _)| at + 1).collect() }
    }

    /// The line a record begins in.
    fn number(&self, position: Option<&csv::Position>) -> u64 {
        let byte = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
        let from = self.text.get(byte..).unwrap_or_default();
        let breaks = from.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.begins.partition_point(|begin| *begin <= byte + breaks) as u64 + 1
    }

    fn unreadable(&self, error: &csv::Error) -> Fault {
        let line = self.number(error.position());
        let message = "This line can't be read as a table: is it text in UTF-8?";
        Fault { line, wrong: wrong(Code::Unreadable, message) }
    }
}

fn columns(header: &csv::StringRecord) -> Result<BTreeMap<&'static str, usize>, Wrong> {
    let mut places = BTreeMap::new();
    for (place, name) in header.iter().enumerate() {
        let name = name.trim().to_lowercase();
        let Some(known) = COLUMNS.iter().find(|column| **column == name) else {
            let shown = crate::text::visible(&name);
            let message = format!("There is no column \"{shown}\". Known are: {}.", COLUMNS.join(", "));
            return Err(about(Code::ColumnUnknown, shown, message));
        };
        if places.insert(*known, place).is_some() {
            return Err(about(Code::ColumnTwice, known, format!("The column \"{known}\" is there twice.")));
        }
    }
    match ["title", "body"].into_iter().find(|needed| !places.contains_key(needed)) {
        Some(missing) => {
            let message = format!("The first line has to name the columns; \"{missing}\" is missing.");
            Err(about(Code::ColumnMissing, missing, message))
        }
        None => Ok(places),
    }
}

fn line(
    record: &csv::StringRecord,
    columns: &BTreeMap<&'static str, usize>,
    width: usize,
    number: u64,
) -> Result<Line, Wrong> {
    if record.len() != width {
        let message = format!("It has {} values; the first line names {width} columns.", record.len());
        return Err(about(Code::Width, width, message));
    }
    let value = |name: &str| columns.get(name).and_then(|place| record.get(*place)).map(unguarded);
    Ok(Line {
        number,
        title: checked_title(value("title").unwrap_or_default())?,
        body: checked_body(value("body").unwrap_or_default())?,
        category: value("category").map(checked_category).transpose()?,
        active: value("active").map(checked_active).transpose()?,
        property: value("property").map(|text| text.trim().to_owned()),
    })
}

fn checked_active(text: &str) -> Result<bool, Wrong> {
    match text.trim().to_lowercase().as_str() {
        "" | "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" => Ok(false),
        other => {
            let shown = crate::text::visible(other);
            let message = format!("\"active\" is yes or no, not \"{shown}\".");
            Err(about(Code::ActiveUnknown, shown, message))
        }
    }
}

/// A title in one line, not too long.
pub(super) fn checked_title(text: &str) -> Result<String, Wrong> {
    let plain = text.replace(|c: char| c.is_control() && !c.is_whitespace(), "");
    let title = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    match title.chars().count() {
        0 => Err(wrong(Code::TitleMissing, "A quick reply needs a title.")),
        1..=QUICK_TITLE => Ok(title),
        _ => {
            let message = format!("The title is longer than {QUICK_TITLE} characters.");
            Err(about(Code::TitleLong, QUICK_TITLE, message))
        }
    }
}

pub(super) fn checked_body(text: &str) -> Result<String, Wrong> {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let body = lines.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), "");
    if body.trim().is_empty() {
        return Err(wrong(Code::BodyMissing, "A quick reply needs some words."));
    }
    if body.len() > BODY {
        return Err(wrong(Code::BodyLong, "The text is longer than 16 KiB."));
    }
    Ok(body)
}

/// A category; none is one of one's own.
pub(super) fn checked_category(text: &str) -> Result<String, Wrong> {
    let name = text.trim().to_lowercase().replace([' ', '-'], "_");
    if name.is_empty() {
        return Ok(CUSTOM.to_owned());
    }
    if QUICK_CATEGORIES.contains(&name.as_str()) {
        return Ok(name);
    }
    let shown = crate::text::visible(&name);
    let message = format!("There is no category \"{shown}\". Known are: {}.", QUICK_CATEGORIES.join(", "));
    Err(about(Code::CategoryUnknown, shown, message))
}

/// Writes a table that [`read`] reads back as it was.
pub(crate) fn write(lines: &[Line]) -> Option<String> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS).ok()?;
    for line in lines {
        let active = if line.active.unwrap_or(true) { "yes" } else { "no" };
        let [category, property] =
            [&line.category, &line.property].map(|cell| cell.as_deref().unwrap_or_default());
        let [title, body, property] = [&line.title, &line.body, property].map(guarded);
        writer.write_record([&title, &body, category, active, &property]).ok()?;
    }
    String::from_utf8(writer.into_inner().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(u64, String)> {
        read(text).unwrap_err().into_iter().map(|fault| (fault.line, fault.wrong.message)).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let line = |title: &str, body: &str, active| Line {
            title: title.to_owned(),
            body: body.to_owned(),
            category: Some("check_in".to_owned()),
            active: Some(active),
            property: Some("Villa \"Rosa\"".to_owned()),
            number: 0,
        };
        let lines = [
            line("Keys, please", "Dear {{client.name}},\n\nthe \"keys\" lie, as always, in the box.", true),
            line("鍵", "=SUM(A1)\n;\t", false),
        ];
        let table = write(&lines).unwrap();
        assert!(table.starts_with("title,body,category,active,property\r\n"), "{table}");
        let mut read = read(&table).unwrap();
        assert_eq!(read.iter().map(|line| line.number).collect::<Vec<_>>(), [2, 5]);
        read.iter_mut().for_each(|line| line.number = 0);
        assert_eq!(read, lines);
    }

    #[test]
    fn nothing_that_is_written_calculates_and_all_of_it_is_read_back() {
        let cells =
            ["=1+1", "+49 30", "-", "@cmd", "'=1", "''@x", "＝1", "'quoted'", "a=b", "\tx", "- keys\n- code"];
        let line = |cell: &&str| Line {
            title: cell.split_whitespace().collect::<Vec<_>>().join(" "),
            body: (*cell).to_owned(),
            category: Some("custom".to_owned()),
            active: Some(true),
            property: Some((*cell).trim().to_owned()),
            number: 0,
        };
        let lines: Vec<Line> = cells.iter().map(line).collect();
        let table = write(&lines).unwrap();
        let mut cells = csv::Reader::from_reader(table.as_bytes());
        for record in cells.records() {
            let record = record.unwrap();
            assert!(record.iter().all(|cell| !cell.starts_with(FORMULA)), "{record:?}");
        }
        let mut read = read(&table).unwrap();
        read.iter_mut().for_each(|line| line.number = 0);
        assert_eq!(read, lines);
    }

    #[test]
    fn tables_of_other_countries_and_systems_are_read() {
        for text in ["title;body\nA;b, c\n", "title\tbody\rA\tb, c\r", "title,body\nA,\"b, c\"\n"] {
            let read = read(text).unwrap();
            assert_eq!((read[0].title.as_str(), read[0].body.as_str()), ("A", "b, c"), "{text:?}");
        }
        let read = read("title,body\n\"a\u{1b}[31m\nb\",\"one\r\ntwo\rthree\u{7}\u{0}\"\n").unwrap();
        assert_eq!((read[0].title.as_str(), read[0].body.as_str()), ("a[31m b", "one\ntwo\nthree"));
    }

    #[test]
    fn what_is_too_much_or_no_table_is_refused() {
        let many = format!("title,body\n{}", (0..=ROWS).map(|n| format!("t{n},b\n")).collect::<String>());
        assert!(faults(&many)[0].1.contains("at most 2000"));
        let long = format!("title,body\nA,{}\n", "x".repeat(BODY + 1));
        assert!(faults(&long)[0].1.contains("16 KiB"));
        let open = format!("title,body\nA,\"{}", "x\n".repeat(100_000));
        assert_eq!(faults(&open).len(), 1, "a quote that never ends");
        for nonsense in ["\0\0\0", "{\"a\":1}", "\"", "title,body\n\"", "PK\u{3}\u{4}"] {
            assert!(!faults(nonsense).is_empty(), "{nonsense:?}");
        }
        let wide = format!("title,body{}\n", ",x".repeat(100_000));
        assert_eq!(faults(&wide).len(), 1);
    }

    #[test]
    fn columns_come_in_any_order_and_a_mark_of_the_encoding_is_no_letter() {
        let read = read("\u{feff}Body, TITLE\r\nHello,Greeting\r\n").unwrap();
        assert_eq!((read[0].title.as_str(), read[0].body.as_str()), ("Greeting", "Hello"));
        assert_eq!(
            (&read[0].category, read[0].active, &read[0].property),
            (&None, None, &None),
            "no such column"
        );
    }

    #[test]
    fn every_line_that_can_t_be_taken_is_named() {
        assert_eq!(faults("")[0].0, 1);
        assert!(faults("title\nx")[0].1.contains("\"body\" is missing"));
        assert!(faults("title,body,colour\nx,y,z")[0].1.contains("no column \"colour\""));
        assert!(faults("title,body,title\n")[0].1.contains("twice"));
        assert!(faults("title,body\n")[0].1.contains("no quick reply"));
        let long = "x".repeat(QUICK_TITLE + 1);
        let found = faults(&format!(
            "title,body,category,active\nGood,\"two\nlines\",,\n,words,,\n{long},words,,\nA,,,\nB,b,shopping,\nC,c,,maybe\nD,d\n"
        ));
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn what_is_wrong_can_be_said_in_any_language() {
        let wrong = |text: &str| {
            let wrong = read(text).unwrap_err().swap_remove(0).wrong;
            (wrong.code, wrong.about)
        };
        assert_eq!(wrong("title,body,colour\n"), (Code::ColumnUnknown, "colour".to_owned()));
        assert_eq!(wrong("title\n"), (Code::ColumnMissing, "body".to_owned()));
        let again = repeated(read("title,body\nA,a\nB,b\na,b\n").unwrap().iter()).swap_remove(0);
        assert_eq!((again.line, again.wrong.code, again.wrong.about), (4, Code::SameTitle, "2".to_owned()));
        assert_eq!(wrong("title,body\nA,\n"), (Code::BodyMissing, String::new()));
        assert_eq!(
            wrong("title,body,category\nA,a,shopping\n"),
            (Code::CategoryUnknown, "shopping".to_owned())
        );
    }
}
