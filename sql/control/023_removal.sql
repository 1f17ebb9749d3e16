-- A restart removes once for each target. The row commits with the removal, so an attempt that was given up and
-- wakes up later (or a retry) finds it, and removes nothing that has been imported since.
CREATE TABLE migration_control.removal (
  run_id     text NOT NULL REFERENCES migration_control.run,
  target     text NOT NULL,
  rows       bigint NOT NULL,
  form       text NOT NULL,
  removed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, target)
);
