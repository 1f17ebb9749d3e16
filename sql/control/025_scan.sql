-- chunk.onePass: one reading of a database's source tables for all windows of a target. It is here from its plan until
-- the manifests of its windows are published; the chunks go their own way from then on.
CREATE TABLE migration_control.scan (
  scan_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  category text NOT NULL,
  target   text NOT NULL,
  server   text NOT NULL,
  database text NOT NULL,
  -- The last run that planned it; another run takes over what was read where its plan is equal.
  run_id   text NOT NULL REFERENCES migration_control.run,
  -- Hash of the windows, their rows and what decides their content.
  plan     text NOT NULL,
  -- Of all manifests and parts; NULL where the reading has to begin.
  attempt  text,
  -- A range could not be read, and the chunks wait for an operator, whose retry raises their epochs.
  parked   boolean NOT NULL DEFAULT false,
  UNIQUE (category, target, server, database)
);

-- All windows of the plan when the reading began: what is routed stays the same when chunks are split or skipped meanwhile.
CREATE TABLE migration_control.scan_window (
  scan_id  bigint NOT NULL REFERENCES migration_control.scan ON DELETE CASCADE,
  chunk_id bigint NOT NULL REFERENCES migration_control.chunk ON DELETE CASCADE,
  epoch    integer NOT NULL,
  -- Rows of the others are counted and left out: those windows are done.
  wanted   boolean NOT NULL,
  PRIMARY KEY (scan_id, chunk_id)
);

-- A range of keys of one source table: the unit of restart.
CREATE TABLE migration_control.scan_range (
  range_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  scan_id    bigint NOT NULL REFERENCES migration_control.scan ON DELETE CASCADE,
  -- Of the table among the target's sources, and of the range among the table's.
  position   integer NOT NULL,
  ordinal    integer NOT NULL,
  -- The column that leads the table's clustered index, and half-open bounds, which only the source can compare: values of
  -- rows, kept nowhere else. NULL: the whole table.
  key_column jsonb,
  key_from   text,
  key_to     text,
  key_null   boolean NOT NULL DEFAULT false,
  -- NULL until it is read.
  rows       bigint,
  bytes      bigint,
  -- Checksum of all its rows, those of windows that are done included.
  sum        text,
  method     text CHECK (method IN ('server', 'reader')),
  -- The run that has read it, or has proven that the source still holds what an earlier run read: only then it counts.
  read_by    text,
  UNIQUE (scan_id, position, ordinal)
);

-- What a range that was read holds of each window.
CREATE TABLE migration_control.scan_part (
  range_id bigint NOT NULL REFERENCES migration_control.scan_range ON DELETE CASCADE,
  chunk_id bigint NOT NULL,
  rows     bigint NOT NULL,
  bytes    bigint NOT NULL,
  sum      text NOT NULL,
  parts    jsonb NOT NULL,
  PRIMARY KEY (range_id, chunk_id)
);
