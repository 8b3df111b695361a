-- Where what is typed of a comment stands among the drafts: under an id that no conversation has, so that whatever asks for
-- the drafts of a conversation can't come across it. Versions before this don't open the file.
CREATE TABLE comment_places (
  place BLOB PRIMARY KEY NOT NULL,
  -- The conversation beside which it is written.
  conversation BLOB NOT NULL
) STRICT, WITHOUT ROWID;
