//! Small numbers for 32-byte ids.

use crate::{Read, Result, StoreError, Tx};

impl Tx<'_> {
    /// The number of an id, given now if it has none yet.
    pub(crate) fn number_of(&self, id: &[u8; 32]) -> Result<i64> {
        if let Some(n) = self.numbers.borrow().get(id) {
            return Ok(*n);
        }
        let known = self.find_number(id)?;
        let n = match known {
            Some(n) => n,
            None => self
                .one("INSERT INTO ids (id) VALUES (?1) RETURNING n", [id], |row| row.get(0))?
                .ok_or(StoreError::Damaged("ids"))?,
        };
        self.numbers.borrow_mut().insert(*id, n);
        Ok(n)
    }
}

impl Read<'_> {
    /// The number of an id, if it has one.
    pub(crate) fn find_number(&self, id: &[u8; 32]) -> Result<Option<i64>> {
        self.one("SELECT n FROM ids WHERE id = ?1", [id], |row| row.get(0))
    }
}
