-- GRANT statements that give `name` the privileges that others than the owner have on `relation`.
CREATE OR REPLACE FUNCTION migration_control.grant_statements(relation oid, name text)
RETURNS SETOF text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH acl AS (
    SELECT a.*, '' AS columns FROM pg_class c, aclexplode(c.relacl) a
     WHERE c.oid = relation AND a.grantee <> c.relowner
     UNION ALL
    SELECT a.*, format(' (%I)', t.attname) FROM pg_class c
      JOIN pg_attribute t ON t.attrelid = c.oid AND NOT t.attisdropped, aclexplode(t.attacl) a
     WHERE c.oid = relation AND a.grantee <> c.relowner)
  SELECT format('GRANT %s%s ON TABLE %s TO %s%s', privilege_type, columns, name,
                CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
                CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM acl
$$;

CREATE OR REPLACE FUNCTION migration_control.comment_statements(relation oid, kind text, name text)
RETURNS SETOF text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('COMMENT ON %s %s IS %L', kind, name, d.description) FROM pg_description d
   WHERE d.classoid = 'pg_class'::regclass AND d.objoid = relation AND d.objsubid = 0
   UNION ALL
  SELECT format('COMMENT ON COLUMN %s.%I IS %L', name, a.attname, d.description) FROM pg_description d
    JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
   WHERE d.classoid = 'pg_class'::regclass AND d.objoid = relation AND d.objsubid > 0
$$;

-- `name=value, …` out of pg_class.reloptions; NULL where there are none.
CREATE OR REPLACE FUNCTION migration_control.storage_options(relation oid)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT string_agg(format('%I = %L', o.option_name, o.option_value), ', ')
    FROM pg_class c, pg_options_to_table(c.reloptions) o WHERE c.oid = relation
$$;

-- What hangs on the live table and would stay with the old one after a rename, because PostgreSQL follows OIDs.
-- `place` NULL: it would be lost, and nothing here can bring it back. Otherwise `undo` takes it off the old table
-- and `redo`, run after every `undo` and in the order of `place`, puts it on the new one.
-- A plain view is replaced in place: its own OID stays, so owner, grants and the views upon it stay too.
CREATE OR REPLACE FUNCTION migration_control.dependents(live oid)
RETURNS TABLE (place int, description text, undo text, redo text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH reading AS (
    SELECT DISTINCT v.oid, v.relkind, v.relowner, v.relispopulated,
           format('%I.%I', n.nspname, v.relname) AS name
      FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
      JOIN pg_namespace n ON n.oid = v.relnamespace
     WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = live
       AND v.relkind IN ('v', 'm') AND r.rulename = '_RETURN')
  SELECT 1, 'view ' || name, NULL,
         ARRAY[format('CREATE OR REPLACE VIEW %s%s AS %s', name,
                      ' WITH (' || migration_control.storage_options(oid) || ')', pg_get_viewdef(oid))]
    FROM reading WHERE relkind = 'v'
   UNION ALL
  SELECT 2, 'materialized view ' || name, format('DROP MATERIALIZED VIEW %s', name),
         ARRAY[format('CREATE MATERIALIZED VIEW %s%s AS %s WITH %s', name,
                      ' WITH (' || migration_control.storage_options(oid) || ')', rtrim(pg_get_viewdef(oid), ';'),
                      CASE WHEN relispopulated THEN 'DATA' ELSE 'NO DATA' END)]
         || ARRAY(SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = reading.oid)
         || ARRAY(SELECT migration_control.comment_statements(oid, 'MATERIALIZED VIEW', name))
         || ARRAY[format('ALTER MATERIALIZED VIEW %s OWNER TO %I', name, pg_get_userbyid(relowner))]
         || ARRAY(SELECT migration_control.grant_statements(oid, name))
    FROM reading WHERE relkind = 'm'
   UNION ALL
  SELECT 3, format('foreign key %I of %s', conname, conrelid::regclass),
         format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
         ARRAY[format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))]
    FROM pg_constraint
   WHERE contype = 'f' AND confrelid = live AND conrelid <> live AND conparentid = 0
   UNION ALL
  SELECT NULL, pg_describe_object(d.classid, d.objid, d.objsubid), NULL, NULL
    FROM pg_depend d
   WHERE d.deptype IN ('n', 'a')
     AND ((d.refclassid = 'pg_class'::regclass AND d.refobjid = live)
          OR (d.refclassid = 'pg_type'::regclass AND d.refobjid = (SELECT reltype FROM pg_class WHERE oid = live)))
     AND NOT (d.classid = 'pg_class'::regclass AND d.objid IN (SELECT indexrelid FROM pg_index WHERE indrelid = live))
     AND NOT (d.classid = 'pg_constraint'::regclass AND d.objid IN (
           SELECT oid FROM pg_constraint
            WHERE (conrelid = live AND contype IN ('p', 'n')) OR (contype = 'f' AND confrelid = live AND conrelid <> live)))
     AND NOT (d.classid = 'pg_rewrite'::regclass AND d.objid IN (
           SELECT r.oid FROM pg_rewrite r JOIN reading v ON v.oid = r.ev_class WHERE r.rulename = '_RETURN'))
   GROUP BY 2
   UNION ALL
  SELECT NULL, format('view %s on materialized view %s', r.ev_class::regclass, m.name), NULL, NULL
    FROM reading m
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = m.oid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> m.oid
   WHERE m.relkind = 'm' GROUP BY 2
   UNION ALL
  SELECT NULL, format('%s of the table itself', w.what), NULL, NULL
    FROM pg_class c, LATERAL (VALUES
      ('row-level security', c.relrowsecurity), ('a replica identity other than the primary key', c.relreplident <> 'd'),
      ('membership in a partitioned or inherited table', c.relispartition OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = live)),
      ('an identity column', EXISTS (SELECT FROM pg_attribute WHERE attrelid = live AND attidentity <> ''))
    ) AS w (what, present)
   WHERE c.oid = live AND w.present
$$;
