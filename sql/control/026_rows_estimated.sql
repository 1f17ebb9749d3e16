-- The rows of a part of a window by date, until the next plan counts it.
ALTER TABLE migration_control.chunk ADD COLUMN rows_estimated boolean NOT NULL DEFAULT false;
