-- What the finalize of a run found in the live table: the last hop, which belongs to no single chunk.
CREATE TABLE migration_control.target (
  run_id        text NOT NULL REFERENCES migration_control.run,
  target        text NOT NULL,
  target_schema text NOT NULL,
  rows          bigint NOT NULL,
  sum           text NOT NULL CHECK (sum ~ '^[0-9a-f]{16}$'),
  seconds       double precision NOT NULL,
  reused        boolean NOT NULL,
  old_table     text,
  finished_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, target)
);
