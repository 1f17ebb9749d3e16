-- Run once as the database's owner or an administrator, in the target database. Everything that the engine needs,
-- and no more: no superuser, no CREATE on the database. docs/target-permissions.md says why for each line.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'migration') THEN
    CREATE ROLE migration LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO migration', current_database());
END
$$;

CREATE SCHEMA IF NOT EXISTS migration_control;
CREATE SCHEMA IF NOT EXISTS stage;
CREATE SCHEMA IF NOT EXISTS mart;

GRANT USAGE, CREATE ON SCHEMA migration_control TO migration;
GRANT USAGE, CREATE ON SCHEMA stage TO migration;
GRANT USAGE, CREATE ON SCHEMA mart TO migration;
