#!/bin/bash
# Runs once, when the target's volume is empty, after grants.sql has created the role without a password.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password MIGRATION_PASSWORD
ALTER ROLE migration PASSWORD :'password';
SQL
