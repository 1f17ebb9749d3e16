-- The plan. Boundaries live here and never in a workflow's history; workflows pass chunk ids.
CREATE FUNCTION migration_control.rows_in(rows_planned jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (SELECT coalesce(sum(value::bigint), 0)::bigint FROM jsonb_each_text(rows_planned));

CREATE TABLE migration_control.chunk (
  -- Also stands in every stage row: membership of a row is its chunk_id, never a value of the row.
  chunk_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  category      text NOT NULL,
  target        text NOT NULL,
  -- With the target's name, the stage table: two categories may fill one, or have targets of one name.
  stage_schema  text NOT NULL,
  server        text NOT NULL,
  database      text NOT NULL,
  window_label  text NOT NULL,
  -- Half-open; NULL is an open end. window_null is the window of rows whose chunking column is NULL.
  window_from   timestamp,
  window_to     timestamp,
  window_null   boolean NOT NULL DEFAULT false,
  -- By key: which columns the bounds are of, and the bounds, which only the source can compare. They are values of
  -- rows and are kept nowhere else. window_from and window_to are then the partition that confines the rows, if any.
  key_of        text,
  key_from      text,
  key_to        text,
  key_null      boolean NOT NULL DEFAULT false,
  ordinal       integer NOT NULL,
  -- The last run that planned the chunk. A chunk outlives its runs: that is what makes resume possible.
  run_id        text REFERENCES migration_control.run,
  state         text NOT NULL DEFAULT 'PENDING'
                CHECK (state IN ('PENDING', 'DONE', 'NEEDS_ATTENTION', 'SKIPPED', 'SPLIT')),
  -- Of what the plan wants in the stage; the ledger has that of what is there.
  fingerprint   text NOT NULL,
  rows_planned  jsonb NOT NULL,
  -- Over all source tables: adding up the documents of a million chunks takes ten times as long.
  rows_total    bigint GENERATED ALWAYS AS (migration_control.rows_in(rows_planned)) STORED,
  -- Raised when the chunk must begin at its source again (restart, retry): parts of an earlier epoch, and those
  -- that a forgotten attempt may still publish, are then of another fingerprint.
  epoch         integer NOT NULL DEFAULT 0,
  -- Of a part: the chunk that was split into it and its like. That one is SPLIT and of no run as long as its parts
  -- stand for it; a later plan plans the parts, until the removal of a restart sets this to NULL.
  split_of      bigint REFERENCES migration_control.chunk ON DELETE SET NULL,
  cause_code    text,
  cause_message text,
  -- When the latest attempt began at the source; NULL where none has, in this run or since the chunk was parked.
  started_at    timestamptz,
  updated_at    timestamptz NOT NULL DEFAULT now(),
  UNIQUE (category, target, server, database, window_label),
  CHECK (window_from < window_to),
  CHECK (NOT window_null OR (window_from IS NULL AND window_to IS NULL)),
  CHECK (NOT key_null OR (key_from IS NULL AND key_to IS NULL)),
  CHECK (key_of IS NOT NULL OR (key_from IS NULL AND key_to IS NULL AND NOT key_null))
) WITH (fillfactor = 85);

-- Paging through what is pending, and every report of a run. State and times are left out on purpose: they change
-- several times a chunk, and without them those updates touch no index (HOT), given some room in each page.
CREATE INDEX chunk_run ON migration_control.chunk (run_id, target, server, database, ordinal);

-- From a split chunk to its parts.
CREATE INDEX chunk_part ON migration_control.chunk (split_of) WHERE split_of IS NOT NULL;
