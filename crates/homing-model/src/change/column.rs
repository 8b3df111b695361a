//! Primitive decoders of automerge's binary format: LEB128 and the run-length columns. Every count is
//! checked before anything is allocated.

use crate::ModelError;

/// Reads bytes from the front; running out is an error, never a panic.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a>(&'a [u8]);

const SHORT: ModelError = ModelError::Malformed("truncated");
const NUMBER: ModelError = ModelError::Malformed("number");
const COLUMN: ModelError = ModelError::Malformed("column");

impl<'a> Bytes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], ModelError> {
        let (front, rest) = self.0.split_at_checked(len).ok_or(SHORT)?;
        self.0 = rest;
        Ok(front)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        self.take(N)?.try_into().map_err(|_| SHORT)
    }

    fn byte(&mut self) -> Result<u8, ModelError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// An unsigned LEB128 number of at most 64 bits in its shortest form.
    pub(super) fn uint(&mut self) -> Result<u64, ModelError> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(NUMBER);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 { Err(NUMBER) } else { Ok(value) };
            }
        }
        Err(NUMBER)
    }

    /// A signed LEB128 number of at most 64 bits.
    pub(super) fn int(&mut self) -> Result<i64, ModelError> {
        let mut value = 0i64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let bits = i64::from(byte & 0x7f);
            if shift == 63 && bits != 0 && bits != 0x7f {
                return Err(NUMBER);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                let negative = byte & 0x40 != 0;
                return Ok(if negative && shift < 57 { value | (-1 << (shift + 7)) } else { value });
            }
        }
        Err(NUMBER)
    }

    pub(super) fn len(&mut self, limit: usize, what: &'static str) -> Result<usize, ModelError> {
        match usize::try_from(self.uint()?) {
            Ok(len) if len <= limit => Ok(len),
            _ => Err(ModelError::Limit(what)),
        }
    }

    pub(super) fn str(&mut self, limit: usize) -> Result<&'a str, ModelError> {
        let len = self.len(limit, "text")?;
        text(self.take(len)?)
    }
}

pub(super) fn text(bytes: &[u8]) -> Result<&str, ModelError> {
    std::str::from_utf8(bytes).map_err(|_| ModelError::Malformed("text"))
}

/// A run-length column: runs of one value, runs of nothing, and literal lists.
///
/// `limit` is how many items may come out, whatever the bytes say.
pub(super) fn runs<'a, T: Clone>(
    bytes: &'a [u8],
    limit: usize,
    mut item: impl FnMut(&mut Bytes<'a>) -> Result<T, ModelError>,
) -> Result<Vec<Option<T>>, ModelError> {
    let mut input = Bytes::new(bytes);
    let mut out = Vec::new();
    let room = |out: &Vec<Option<T>>, count: u64| -> Result<usize, ModelError> {
        match usize::try_from(count) {
            Ok(0) => Err(COLUMN),
            Ok(count) if out.len().saturating_add(count) <= limit => Ok(count),
            _ => Err(ModelError::Limit("ops")),
        }
    };
    while !input.is_empty() {
        let head = input.int()?;
        if head > 0 {
            let count = room(&out, head.unsigned_abs())?;
            let value = item(&mut input)?;
            out.extend(std::iter::repeat_n(Some(value), count));
        } else if head < 0 {
            for _ in 0..room(&out, head.unsigned_abs())? {
                out.push(Some(item(&mut input)?));
            }
        } else {
            let nulls = input.uint()?;
            let count = room(&out, nulls)?;
            out.extend(std::iter::repeat_n(None, count));
        }
    }
    Ok(out)
}

/// A column of numbers stored as differences.
pub(super) fn deltas(bytes: &[u8], limit: usize) -> Result<Vec<Option<u64>>, ModelError> {
    let mut at = 0i64;
    runs(bytes, limit, Bytes::int)?
        .into_iter()
        .map(|delta| match delta {
            None => Ok(None),
            Some(delta) => {
                at = at.checked_add(delta).ok_or(NUMBER)?;
                u64::try_from(at).map(Some).map_err(|_| NUMBER)
            }
        })
        .collect()
}

/// A column of flags: lengths of alternating runs, beginning with false.
pub(super) fn any_flag(bytes: &[u8], limit: usize) -> Result<bool, ModelError> {
    let mut input = Bytes::new(bytes);
    let (mut flag, mut total, mut any) = (false, 0usize, false);
    while !input.is_empty() {
        let count = input.len(limit, "ops")?;
        total = total.saturating_add(count);
        if total > limit {
            return Err(ModelError::Limit("ops"));
        }
        any |= flag && count > 0;
        flag = !flag;
    }
    Ok(any)
}
