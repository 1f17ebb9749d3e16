-- Tables that a finalize took out of service. They are dropped only when somebody says so (drop_old), and only
-- by their OID: a name may have been given to another table since.
CREATE TABLE migration_control.replaced (
  table_oid     oid PRIMARY KEY,
  target_schema text NOT NULL,
  target        text NOT NULL,
  old_name      text NOT NULL,
  replaced_at   timestamptz NOT NULL DEFAULT now()
);
