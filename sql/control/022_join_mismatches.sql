-- Left rows of a transform that match only without case and trailing blanks: what the choice of joinKeys decided.
ALTER TABLE migration_control.step ADD COLUMN join_mismatches bigint NOT NULL DEFAULT 0;
