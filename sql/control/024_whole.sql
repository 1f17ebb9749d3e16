-- Chunks whose target is transformed over many windows at once (scope database or category): what each was exported as,
-- and the whole that its transformed parts are of. A row counts only as long as the chunk has that fingerprint and that
-- epoch: what is planned otherwise, or sent back to its source, is a member of no whole until it is exported again.
CREATE TABLE migration_control.whole_member (
  chunk_id    bigint PRIMARY KEY REFERENCES migration_control.chunk ON DELETE CASCADE,
  fingerprint text NOT NULL,
  epoch       integer NOT NULL,
  -- The run that last looked after the export, and the attempt that its raw manifests are of.
  run_id      text NOT NULL REFERENCES migration_control.run,
  attempt     text NOT NULL,
  -- Digest over all exports that took part; NULL until that whole is transformed and published.
  whole       text
);
