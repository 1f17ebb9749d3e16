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
  imported_at  timestamptz NOT NULL DEFAULT now()
);
