//! Opaque handles over a connection, and the few helpers all table modules share.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::Deref;

use homing_wire::DocId;
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::Result;

/// A connection to query.
pub struct Read<'a> {
    conn: &'a Connection,
}

impl<'a> Read<'a> {
    pub(crate) fn new(conn: &'a Connection) -> Self {
        Self { conn }
    }

    pub(crate) fn conn(&self) -> &'a Connection {
        self.conn
    }

    /// The first row, if any.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let row = statement.query_row(params, read).optional()?;
        #[cfg(test)]
        crate::plans::note(sql, &statement);
        Ok(row)
    }

    /// All rows.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?.collect::<rusqlite::Result<Vec<T>>>()?;
        #[cfg(test)]
        crate::plans::note(sql, &statement);
        Ok(rows)
    }

    /// A single number; no row counts as 0.
    pub(crate) fn number(&self, sql: &str, params: impl Params) -> Result<u64> {
        Ok(self.one(sql, params, |row| row.get(0))?.unwrap_or(0))
    }
}

/// A write transaction.
pub struct Tx<'a> {
    read: Read<'a>,
    /// Ids and their numbers; what a transaction that fails has added is dropped with it.
    pub(crate) numbers: &'a RefCell<HashMap<[u8; 32], i64>>,
    /// Next search row to try per second.
    pub(crate) rows: RefCell<HashMap<i64, i64>>,
    /// The entry kept last and its row: its changes follow.
    pub(crate) entry: Cell<Option<([u8; 32], i64)>>,
    /// Whether rows are set aside, once that was asked.
    pub(crate) set_aside: Cell<Option<bool>>,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(conn: &'a Connection, numbers: &'a RefCell<HashMap<[u8; 32], i64>>) -> Self {
        Self {
            read: Read::new(conn),
            numbers,
            rows: RefCell::default(),
            entry: Cell::default(),
            set_aside: Cell::default(),
        }
    }

    /// Runs a statement; answers how many rows changed.
    pub(crate) fn exec(&self, sql: &str, params: impl Params) -> Result<usize> {
        let mut statement = self.conn().prepare_cached(sql)?;
        let changed = statement.execute(params)?;
        #[cfg(test)]
        crate::plans::note(sql, &statement);
        Ok(changed)
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = Read<'a>;
    fn deref(&self) -> &Read<'a> {
        &self.read
    }
}

/// Reads a document id.
pub(crate) fn doc(row: &Row<'_>, column: usize) -> rusqlite::Result<DocId> {
    let bytes: [u8; 16] = row.get(column)?;
    DocId::from_slice(&bytes).ok_or(bad_value(column))
}

/// Reads an optional document id.
pub(crate) fn doc_opt(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<DocId>> {
    let bytes: Option<[u8; 16]> = row.get(column)?;
    Ok(bytes.and_then(|b| DocId::from_slice(&b)))
}

/// A value that its column can't hold.
pub(crate) fn bad_value(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        column,
        rusqlite::types::Type::Blob,
        Box::new(FromSqlError::InvalidType),
    )
}

/// A list of blobs as a JSON array of hex strings, to be unpacked by `json_each` and `unhex`: one statement for
/// any number of ids.
pub(crate) fn hex_list<'i>(ids: impl IntoIterator<Item = &'i [u8]>) -> String {
    let mut out = String::from("[");
    for (i, id) in ids.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push('"');
        push_hex(&mut out, id);
        out.push('"');
    }
    out.push(']');
    out
}

/// Appends bytes as hex digits.
pub(crate) fn push_hex(out: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(DIGITS.get(usize::from(nibble)).copied().unwrap_or('0'));
        }
    }
}

/// Declares an enumeration stored as a small integer; an unknown number is damage, not a panic.
macro_rules! stored_enum {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $value:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name { $($(#[$vdoc])* $variant = $value,)* }

        impl rusqlite::types::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(rusqlite::types::ToSqlOutput::from(*self as i64))
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                match value.as_i64()? {
                    $($value => Ok(Self::$variant),)*
                    other => Err(rusqlite::types::FromSqlError::OutOfRange(other)),
                }
            }
        }
    )*};
}
pub(crate) use stored_enum;
