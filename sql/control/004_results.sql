-- Counts and checksums of every hop; the proof that a report prints.
CREATE TABLE migration_control.checksum (
  run_id   text NOT NULL REFERENCES migration_control.run,
  chunk_id bigint NOT NULL REFERENCES migration_control.chunk,
  hop      text NOT NULL,
  subject  text NOT NULL,
  rows     bigint NOT NULL,
  -- Sixteen hex digits: a sum modulo 2^64, which no integer type here holds unsigned.
  sum      text NOT NULL CHECK (sum ~ '^[0-9a-f]{16}$'),
  method   text NOT NULL,
  -- NULL for the first hop, which has nothing to be equal to.
  matches  boolean,
  taken_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, chunk_id, hop, subject)
);

-- What each step did, for statistics and progress. The chunk's server stands here too: totals by server are asked
-- for all the time, and joining a million chunks takes three times as long.
CREATE TABLE migration_control.step (
  run_id      text NOT NULL REFERENCES migration_control.run,
  chunk_id    bigint NOT NULL REFERENCES migration_control.chunk,
  server      text NOT NULL,
  step        text NOT NULL CHECK (step IN ('export', 'transform', 'import', 'checksum')),
  rows        bigint NOT NULL,
  bytes       bigint NOT NULL,
  seconds     double precision NOT NULL,
  reused      boolean NOT NULL,
  finished_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, chunk_id, step)
);
