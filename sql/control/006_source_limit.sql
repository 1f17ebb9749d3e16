-- The sessions that a source server grants now, as its gate says; exports find here how many application locks there are.
CREATE TABLE migration_control.source_limit (
  endpoint   text PRIMARY KEY,
  per_server integer NOT NULL CHECK (per_server >= 0),
  updated_at timestamptz NOT NULL DEFAULT now()
);
