-- What the check of a run found of each source table: column names and types, in the order of the target's
-- sources. Databases of one category may differ in types (varchar here, nvarchar there), and workflows carry
-- ids only, so the steps read the columns here.
CREATE TABLE migration_control.source_table (
  run_id text NOT NULL,
  target text NOT NULL,
  server text NOT NULL,
  database text NOT NULL,
  position int NOT NULL,
  schema_name text NOT NULL,
  table_name text NOT NULL,
  columns jsonb NOT NULL,
  server_hash boolean NOT NULL,
  PRIMARY KEY (run_id, target, server, database, position)
);
