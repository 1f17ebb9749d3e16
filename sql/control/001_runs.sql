-- One row per execution of a category's workflow. The configuration is kept as the run was started with it, so
-- that a later edit of the files cannot change a run half way.
CREATE TABLE migration_control.run (
  run_id          text PRIMARY KEY,
  category        text NOT NULL,
  job_mode        text NOT NULL,
  input_partition text,
  config          jsonb NOT NULL,
  state           text NOT NULL DEFAULT 'RUNNING'
                  CHECK (state IN ('RUNNING', 'NEEDS_ATTENTION', 'COMPLETED', 'FAILED', 'CANCELLED', 'STOPPED')),
  started_at      timestamptz NOT NULL DEFAULT now(),
  finished_at     timestamptz,
  report          text,
  failure         text
);

CREATE INDEX run_category ON migration_control.run (category, started_at);
