-- What a run took over from its changed configuration while it was under way, in order:
-- [{"request": "…", "at": "…", "fields": ["log_level"]}]. How many there are tells workers whether they know the latest.
ALTER TABLE migration_control.run ADD COLUMN reloads jsonb NOT NULL DEFAULT '[]';
