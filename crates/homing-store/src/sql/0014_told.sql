-- What others may be told was read, of what this person has read: not what was read while they told nothing. None in rows
-- of before.
ALTER TABLE receipts ADD COLUMN told BLOB;
