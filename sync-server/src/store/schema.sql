-- Schema 5 of the relay's database. The relay's key is not in here: see identity.rs.

CREATE TABLE relay (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    relay_key BLOB NOT NULL,
    generation INTEGER NOT NULL,
    commits INTEGER NOT NULL
) STRICT;

CREATE TABLE account (
    person BLOB PRIMARY KEY,
    head BLOB NOT NULL,
    -- The recovery words' public key at the head.
    recovery BLOB NOT NULL,
    ops INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL,
    blob_bytes INTEGER NOT NULL,
    spaces INTEGER NOT NULL,
    registered_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_recovery ON account (recovery, registered_ms);

CREATE TABLE account_op (
    person BLOB NOT NULL,
    position INTEGER NOT NULL,
    id BLOB NOT NULL,
    op BLOB NOT NULL,
    PRIMARY KEY (person, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE space (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    -- What a team is called in the tables of members; null for other spaces, which nobody has as a member.
    as_member BLOB UNIQUE,
    sequence INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    chain BLOB NOT NULL,
    received_ms INTEGER NOT NULL,
    slot_sequence INTEGER NOT NULL,
    op_head BLOB NOT NULL,
    stored_bytes INTEGER NOT NULL,
    -- The generation whose first fresh op may come: below the relay's, the space waits for an owner.
    confirmed INTEGER NOT NULL
) STRICT;

CREATE TABLE entry (
    -- The space's number in the upper 31 bits, the sequence in the lower 32: a log lies in the order it is read in.
    place INTEGER PRIMARY KEY,
    received_ms INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    -- 0 op, 1 data
    kind INTEGER NOT NULL,
    -- 1: came back under a head that an older generation of this relay had signed
    proven INTEGER NOT NULL,
    id BLOB NOT NULL,
    chain BLOB NOT NULL,
    -- Place, time and the encoded entry as they stand in a page: reading a page is copying.
    line BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX entry_id ON entry (id);
CREATE INDEX entry_op ON entry (place) WHERE kind = 0;

-- The last entry of each device in each space: what its next one continues, and what a pin must name.
CREATE TABLE tail (
    space INTEGER NOT NULL,
    device BLOB NOT NULL,
    person BLOB NOT NULL,
    written_as BLOB NOT NULL,
    dseq INTEGER NOT NULL,
    last BLOB NOT NULL,
    -- The dseq of the last one it pushed itself: those behind it waited here for their time.
    pushed INTEGER NOT NULL,
    PRIMARY KEY (space, device)
) STRICT, WITHOUT ROWID;

-- As which members each device ever wrote in each space: whom a cut concerns.
CREATE TABLE wrote (
    space INTEGER NOT NULL,
    device BLOB NOT NULL,
    written_as BLOB NOT NULL,
    PRIMARY KEY (space, device, written_as)
) STRICT, WITHOUT ROWID;

-- Entries that wait for their time, one at most under a tag of a person in a space.
CREATE TABLE scheduled (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    space INTEGER NOT NULL,
    person BLOB NOT NULL,
    device BLOB NOT NULL,
    tag BLOB NOT NULL,
    id BLOB NOT NULL,
    release_ms INTEGER NOT NULL,
    -- The code of why it can't be released; null while it can.
    stuck BLOB,
    entry BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX scheduled_tag ON scheduled (person, space, tag);
CREATE INDEX scheduled_lane ON scheduled (space, device, release_ms, number);
CREATE INDEX scheduled_due ON scheduled (release_ms, number) WHERE stuck IS NULL;

-- Present members, projected from the op chain after each op.
CREATE TABLE member (
    space INTEGER NOT NULL,
    member BLOB NOT NULL,
    role INTEGER NOT NULL,
    PRIMARY KEY (space, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_of ON member (member, space);

-- Everybody the op chain ever named: their logs are served to this space's members.
CREATE TABLE appears (
    space INTEGER NOT NULL,
    member BLOB NOT NULL,
    PRIMARY KEY (space, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX appears_in ON appears (member, space);

CREATE TABLE slot (
    space INTEGER NOT NULL,
    device BLOB NOT NULL,
    slot BLOB NOT NULL,
    person BLOB NOT NULL,
    written_as BLOB NOT NULL,
    counter INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (space, device, slot)
) STRICT;
CREATE UNIQUE INDEX slot_place ON slot (space, sequence);
CREATE INDEX slot_device ON slot (device);
CREATE INDEX slot_person ON slot (person);

CREATE TABLE feed (
    member BLOB PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_line (
    member BLOB NOT NULL,
    thing BLOB NOT NULL,
    -- 0 space, 1 account, 2 space the member lost
    kind INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (member, thing)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX feed_place ON feed_line (member, sequence);

-- Spaces that moved and whose members' feeds don't say so yet.
CREATE TABLE untold (
    space INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE blob (
    id BLOB PRIMARY KEY,
    person BLOB NOT NULL,
    hashes BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    -- Chunks that have not come yet.
    missing INTEGER NOT NULL,
    declared_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_unfinished ON blob (declared_ms) WHERE missing > 0;
CREATE INDEX blob_unfinished_of ON blob (person) WHERE missing > 0;

CREATE TABLE blob_chunk (
    blob BLOB NOT NULL,
    position INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    -- On whose account its bytes are; null in what schema 4 wrote: who declared the file.
    payer BLOB,
    PRIMARY KEY (blob, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob_grant (
    blob BLOB NOT NULL,
    space INTEGER NOT NULL,
    PRIMARY KEY (blob, space)
) STRICT, WITHOUT ROWID;
