-- What is in the stage. A row is written in the transaction of the COPY it stands for, never before and never
-- after, so a flag without its rows (or rows without their flag) cannot exist.
CREATE TABLE migration_control.ledger (
  chunk_id     bigint PRIMARY KEY REFERENCES migration_control.chunk,
  target       text NOT NULL,
  stage_schema text NOT NULL,
  fingerprint  text NOT NULL,
  attempt      text NOT NULL,
  rows         bigint NOT NULL CHECK (rows >= 0),
  checksum_sum text NOT NULL,
  bytes        bigint NOT NULL,
  -- Sum of all the chunk's rows as they were read; NULL where those of stage and quarantine add up to it, as the types
  -- of the target give every row the same text.
  read_sum     text CHECK (read_sum ~ '^[0-9a-f]{16}$'),
  -- How many values of the stage's rows a column's policy has changed: [{column, policy, values}].
  policies     jsonb NOT NULL DEFAULT '[]',
  -- Rows of the chunk that the target cannot hold. With them, rows are those of the parts, and so is the sum where read_sum is NULL.
  quarantined_rows  bigint NOT NULL DEFAULT 0 CHECK (quarantined_rows >= 0),
  quarantined_sum   text NOT NULL DEFAULT '0000000000000000' CHECK (quarantined_sum ~ '^[0-9a-f]{16}$'),
  -- Key in the stats bucket of the one file that may hold values of rows.
  quarantine_object text,
  imported_at  timestamptz NOT NULL DEFAULT now(),
  CHECK ((quarantined_rows > 0) = (quarantine_object IS NOT NULL))
);
