-- Columns in order, without `hidden`: the stage's chunk_id is the engine's own.
CREATE OR REPLACE FUNCTION migration_control.visible_columns(relation oid, hidden text)
RETURNS TABLE (place bigint, name name, type text, not_null boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT row_number() OVER (ORDER BY attnum), attname, format_type(atttypid, atttypmod), attnotnull
    FROM pg_attribute
   WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attname IS DISTINCT FROM hidden
$$;

CREATE OR REPLACE FUNCTION migration_control.primary_key_of(relation oid)
RETURNS text[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(a.attname::text ORDER BY k.place)
    FROM pg_index i
   CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
   WHERE i.indrelid = relation AND i.indisprimary
$$;

-- Every difference between two tables that a user of the second would notice, one a line; NULL where none.
-- A live table without a primary key is no difference: the new one only adds it.
CREATE OR REPLACE FUNCTION migration_control.shape_differences(stage oid, live oid, primary_key text[])
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH wanted AS (SELECT place, name, type, not_null OR name = ANY (primary_key) AS not_null
                    FROM migration_control.visible_columns(stage, 'chunk_id')),
       found AS (SELECT * FROM migration_control.visible_columns(live, NULL)),
       differences AS (
         SELECT coalesce(w.place, f.place) AS place,
                CASE WHEN f.name IS NULL THEN format('column %I is missing in the live table', w.name)
                     WHEN w.name IS NULL THEN format('column %I exists only in the live table', f.name)
                     WHEN w.place <> f.place THEN format('column %I is number %s, not %s', w.name, f.place, w.place)
                     WHEN w.type <> f.type THEN format('column %I is %s, not %s', w.name, f.type, w.type)
                     WHEN w.not_null <> f.not_null THEN
                       format('column %I is %s', w.name, CASE WHEN f.not_null THEN 'NOT NULL' ELSE 'nullable' END)
                END AS difference
           FROM wanted w FULL JOIN found f USING (name)
          UNION ALL
         SELECT 2000, format('the primary key is (%s), not (%s)', array_to_string(k, ', '),
                             array_to_string(primary_key, ', '))
           FROM migration_control.primary_key_of(live) AS k WHERE k <> primary_key)
  SELECT string_agg(difference, '; ' ORDER BY place) FROM differences WHERE difference IS NOT NULL
$$;

-- Count and set checksum of a table by the select list that every hop uses (docs/checksums.md).
CREATE OR REPLACE FUNCTION migration_control.table_checksum(
  relation regclass, checksum_list text, OUT rows bigint, OUT sum numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
BEGIN
  EXECUTE format('SELECT %s FROM %s', checksum_list, relation) INTO rows, sum;
  sum := coalesce(sum, 0);
END
$$;
