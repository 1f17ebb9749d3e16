-- Sources that hold the same key, by name and with counts, never with the key's values.
CREATE OR REPLACE FUNCTION migration_control.key_collisions(stage regclass, primary_key text[])
RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  keys text := (SELECT string_agg(format('%I', k), ', ') FROM unnest(primary_key) AS k);
  found text;
BEGIN
  EXECUTE format($sql$
    WITH twice AS (
      SELECT array_agg(DISTINCT chunk_id) AS chunks FROM %1$s GROUP BY %2$s HAVING count(*) > 1),
    alike AS (SELECT chunks, count(*) AS n FROM twice GROUP BY chunks),
    named AS (
      SELECT a.n, (SELECT string_agg(DISTINCT coalesce(c.server || '/' || c.database, 'unknown'), ' and ')
                     FROM unnest(a.chunks) AS u (id) LEFT JOIN migration_control.chunk c ON c.chunk_id = u.id) AS sources,
             (SELECT string_agg(DISTINCT c.window_label, ', ')
                FROM unnest(a.chunks) AS u (id) JOIN migration_control.chunk c ON c.chunk_id = u.id) AS windows
        FROM alike a),
    summed AS (SELECT sources, sum(n) AS n, min(windows) AS windows FROM named GROUP BY sources)
    SELECT string_agg(format('%%s keys in %%s (window %%s, for one)', n, sources, windows), '; ' ORDER BY n DESC)
      FROM (SELECT * FROM summed ORDER BY n DESC LIMIT 10) AS top $sql$, stage, keys) INTO found;
  RETURN found;
END
$$;

-- Takes ACCESS EXCLUSIVE, also of the tables whose foreign keys move along, without making everybody else queue
-- behind a long wait: short tries, pauses between.
CREATE OR REPLACE PROCEDURE migration_control.lock_live(live regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  tables text := (SELECT string_agg(DISTINCT oid::regclass::text, ', ') FROM (
                    SELECT live::oid AS oid
                     UNION SELECT conrelid FROM pg_constraint WHERE contype = 'f' AND confrelid = live) AS t);
BEGIN
  PERFORM set_config('lock_timeout', '2s', true);
  FOR try IN 1..30 LOOP
    BEGIN
      EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', tables);
      RETURN;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      IF try = 30 THEN RAISE; END IF;
    END;
    PERFORM pg_sleep(1);
  END LOOP;
END
$$;

-- Refuses dependents that the policy does not allow to be touched, or that cannot be brought back.
CREATE OR REPLACE PROCEDURE migration_control.require_free(live regclass, policy text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  hard text;
  soft text;
BEGIN
  SELECT string_agg(description, '; ' ORDER BY description) FILTER (WHERE place IS NULL),
         string_agg(description, '; ' ORDER BY place, description) FILTER (WHERE place IS NOT NULL)
    INTO hard, soft FROM migration_control.dependents(live);
  IF hard IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'MGDEP', MESSAGE = format(
      'The live table %s has what a swap would lose and cannot recreate: %s. Drop it, run again, then create it anew.',
      live, hard);
  ELSIF soft IS NOT NULL AND policy <> 'recreate' THEN
    RAISE EXCEPTION USING ERRCODE = 'MGDEP', MESSAGE = format(
      'Objects depend on the live table %s: %s. Set "finalize": {"dependents": "recreate"} in the category file to have them recreated in the swap, or drop them.',
      live, soft);
  END IF;
END
$$;

-- The table beside the live one: columns as declared, rows of the stage, verified, with its primary key.
CREATE OR REPLACE PROCEDURE migration_control.build_beside(
  stage regclass, target_schema text, new_name text, primary_key text[], checksum_list text,
  expected_rows bigint, expected_sum numeric)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  fresh text := format('%I.%I', target_schema, new_name);
  names text;
  definitions text;
  keys text := (SELECT string_agg(format('%I', k), ', ') FROM unnest(primary_key) AS k);
  built record;
BEGIN
  SELECT string_agg(format('%I', name), ', ' ORDER BY place),
         string_agg(format('%I %s%s', name, type, CASE WHEN not_null THEN ' NOT NULL' ELSE '' END), ', ' ORDER BY place)
    INTO names, definitions FROM migration_control.visible_columns(stage, 'chunk_id');
  EXECUTE format('CREATE TABLE %s (%s)', fresh, definitions);
  EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s', fresh, names, names, stage);
  SELECT * INTO built FROM migration_control.table_checksum(fresh::regclass, checksum_list);
  IF built.rows <> expected_rows OR built.sum <> expected_sum THEN
    RAISE EXCEPTION USING ERRCODE = 'MGSUM', MESSAGE = format(
      'The table built from %s has %s rows and the stage %s, or their checksums differ. Nothing was swapped; run again.',
      stage, built.rows, expected_rows);
  END IF;
  IF keys IS NOT NULL THEN
    BEGIN
      EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I PRIMARY KEY (%s)', fresh, new_name || '_pkey', keys);
    EXCEPTION WHEN unique_violation THEN
      RAISE EXCEPTION USING ERRCODE = 'MGKEY', MESSAGE = format(
        'Rows of %s have the same primary key (%s): %s. Nothing was swapped. Filter one of the sources, or add a column that tells them apart to the key.',
        stage, keys, migration_control.key_collisions(stage, primary_key));
    END;
  END IF;
END
$$;

-- Owner, privileges, comments, storage options and secondary indexes of the live table for the new one.
-- Index names are taken while the live one exists; `renames` says what to call them after the swap.
CREATE OR REPLACE PROCEDURE migration_control.dress_like(
  fresh regclass, live regclass, INOUT renames text[] DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  statement text;
  i record;
  schema_name text := (SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = live);
BEGIN
  renames := '{}';
  FOR i IN
    SELECT c.oid, c.relname,
           substr(pg_get_indexdef(c.oid), length(format('CREATE %sINDEX %I ON %I.%I ',
             CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END, c.relname, schema_name, t.relname)) + 1) AS rest,
           CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END AS uniqueness
      FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
     WHERE x.indrelid = live AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = x.indexrelid AND conrelid = live)
  LOOP
    EXECUTE format('CREATE %sINDEX %I ON %s %s', i.uniqueness, 'migrate_index_' || i.oid, fresh, i.rest);
    renames := renames || format('ALTER INDEX %I.%I RENAME TO %I', schema_name, 'migrate_index_' || i.oid, i.relname);
  END LOOP;
  statement := migration_control.storage_options(live);
  IF statement IS NOT NULL THEN
    EXECUTE format('ALTER TABLE %s SET (%s)', fresh, statement);
  END IF;
  FOR statement IN SELECT migration_control.comment_statements(live, 'TABLE', fresh::text) LOOP
    EXECUTE statement;
  END LOOP;
  -- Default privileges may have given the new table more than the live one has.
  FOR statement IN
    SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
      FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = fresh AND a.grantee <> c.relowner
  LOOP
    EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', fresh, statement);
  END LOOP;
  SELECT pg_get_userbyid(relowner) INTO statement FROM pg_class WHERE oid = live;
  IF statement <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = fresh) THEN
    EXECUTE format('ALTER TABLE %s OWNER TO %I', fresh, statement);
  END IF;
  FOR statement IN SELECT migration_control.grant_statements(live, fresh::text) LOOP
    EXECUTE statement;
  END LOOP;
END
$$;

-- Names change hands while the live table is locked; whatever hangs on it moves along.
CREATE OR REPLACE PROCEDURE migration_control.swap(
  fresh regclass, live regclass, target_schema text, target text, policy text, INOUT old_name text DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  renames text[];
  redo text[];
  statement text;
  d record;
BEGIN
  CALL migration_control.dress_like(fresh, live, renames);
  CALL migration_control.lock_live(live);
  IF to_regclass(format('%I.%I', target_schema, target)) IS DISTINCT FROM live THEN
    RAISE EXCEPTION USING ERRCODE = 'MGSHP', MESSAGE = format(
      'The live table %I.%I was replaced by somebody else meanwhile. Run again.', target_schema, target);
  END IF;
  -- Again under the lock: what came in since the first look would be lost.
  CALL migration_control.require_free(live, policy);
  redo := '{}';
  FOR d IN SELECT * FROM migration_control.dependents(live) ORDER BY place, description LOOP
    redo := redo || d.redo;
    renames := CASE WHEN d.undo IS NULL THEN renames ELSE d.undo || renames END;
  END LOOP;
  -- From here on the old table's indexes must not be in the way of the new one's names.
  FOR d IN SELECT c.oid, c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = live LOOP
    EXECUTE format('ALTER INDEX %I.%I RENAME TO %I', target_schema, d.relname, 'migrate_old_index_' || d.oid);
  END LOOP;
  LOOP
    old_name := target || '_old_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISS');
    EXIT WHEN to_regclass(format('%I.%I', target_schema, old_name)) IS NULL;
    PERFORM pg_sleep(0.2);
  END LOOP;
  EXECUTE format('ALTER TABLE %s RENAME TO %I', live, old_name);
  INSERT INTO migration_control.replaced (table_oid, target_schema, target, old_name)
    VALUES (live, target_schema, target, old_name);
  CALL migration_control.take_name(fresh, target_schema, target);
  FOREACH statement IN ARRAY renames || redo LOOP
    EXECUTE statement;
  END LOOP;
END
$$;

CREATE OR REPLACE PROCEDURE migration_control.take_name(fresh regclass, target_schema text, target text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  key_name text;
BEGIN
  SELECT conname INTO key_name FROM pg_constraint WHERE conrelid = fresh AND contype = 'p';
  EXECUTE format('ALTER TABLE %s RENAME TO %I', fresh, target);
  IF key_name IS NOT NULL THEN
    EXECUTE format('ALTER TABLE %I.%I RENAME CONSTRAINT %I TO %I', target_schema, target, key_name, target || '_pkey');
  END IF;
END
$$;

-- Refuses a stage that is not what its plan and its ledger say: a chunk that is still to come, or rows that came
-- or went behind the ledger's back, would go live unnoticed. Skipped chunks are somebody's decision.
CREATE OR REPLACE PROCEDURE migration_control.require_complete(stage regclass, stage_schema text, stage_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  undone bigint;
  list text;
  strange bigint;
  strangers text;
BEGIN
  SELECT count(*), string_agg(place, '; ') FILTER (WHERE n <= 10) INTO undone, list FROM (
    SELECT format('%s/%s %s is %s', c.server, c.database, c.window_label, c.state) AS place, row_number() OVER (ORDER BY c.chunk_id) AS n
      FROM migration_control.chunk c LEFT JOIN migration_control.ledger l USING (chunk_id)
     WHERE c.stage_schema = require_complete.stage_schema AND c.target = stage_name AND c.run_id IS NOT NULL
       AND (c.state IN ('PENDING', 'NEEDS_ATTENTION') OR (c.state = 'DONE' AND l.fingerprint IS DISTINCT FROM c.fingerprint))) AS open;
  IF undone > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'MGINC', MESSAGE = format(
      '%s chunks of %s are not done (%s), so the live table was left as it is. Run the category over them with job_mode '
      'resume, or skip them; chunks that are no longer wanted: DELETE FROM migration_control.chunk.', undone, stage, list);
  END IF;
  EXECUTE format(
    $q$SELECT count(*) FILTER (WHERE known), string_agg(chunk_id::text, ', ') FILTER (WHERE known AND n <= 10),
              count(*) FILTER (WHERE NOT known), string_agg(chunk_id::text, ', ') FILTER (WHERE NOT known AND n <= 10) FROM (
         SELECT chunk_id, known, row_number() OVER (PARTITION BY known ORDER BY chunk_id) AS n FROM (
           SELECT chunk_id, l.rows IS NOT NULL OR EXISTS (
                    SELECT FROM migration_control.chunk c
                     WHERE c.chunk_id = s.chunk_id AND c.stage_schema = %2$L AND c.target = %3$L AND c.run_id IS NOT NULL) AS known
             FROM (SELECT chunk_id, count(*) AS rows FROM %1$s GROUP BY chunk_id) AS s
             FULL JOIN (SELECT chunk_id, rows FROM migration_control.ledger
                         WHERE stage_schema = %2$L AND target = %3$L AND rows > 0) AS l USING (chunk_id)
            WHERE s.rows IS DISTINCT FROM l.rows) AS each) AS differing$q$, stage, stage_schema, stage_name)
    INTO undone, list, strange, strangers;
  IF strange > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'MGINC', MESSAGE = format(
      'The stage %s holds rows of %s chunks that are none of its own, so the live table was left as it is. Find who wrote them '
      '(without TLS a connection may change a chunk_id on its way), then remove them, ten chunks at a time: DELETE FROM %s WHERE '
      'chunk_id IN (%s); and start the category again.', stage, strange, stage, strangers);
  END IF;
  IF undone > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'MGINC', MESSAGE = format(
      'The stage %s does not hold the rows that its ledger says, in %s chunks (chunk_id %s), so the live table was left as it is. '
      'Find who writes to it; a run in resume imports these chunks again.', stage, undone, list);
  END IF;
END
$$;

-- Builds the target from its stage. One transaction: killed anywhere it leaves nothing, and a second call finds
-- the work done. `stage.stage_ctas_null_upd_<target>` calls it with what only the category file knows.
CREATE OR REPLACE PROCEDURE migration_control.finalize_target(
  stage_schema text, stage_name text, target_schema text, target text, primary_key text[], checksum_list text,
  policy text, INOUT result jsonb DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  stage regclass := format('%I.%I', stage_schema, stage_name)::regclass;
  live regclass;
  staged record;
  present record;
  differences text;
  -- Fixed, not random: inside one transaction nobody else can see it, and nothing is left of a killed one.
  new_name text := target || '_new';
  old_name text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('migrate finalize ' || target_schema || '.' || target, 0));
  -- Nobody may import between the checksum, the build and the comparison of both.
  EXECUTE format('LOCK TABLE %s IN SHARE MODE', stage);
  live := to_regclass(format('%I.%I', target_schema, target));
  IF live = stage THEN
    RAISE EXCEPTION USING ERRCODE = 'MGSHP', MESSAGE = format('The target %s is its own stage. Choose another target schema.', stage);
  ELSIF live IS NOT NULL THEN
    IF (SELECT relkind FROM pg_class WHERE oid = live) <> 'r' THEN
      RAISE EXCEPTION USING ERRCODE = 'MGSHP', MESSAGE = format('%s exists and is no plain table. Move it out of the way.', live);
    END IF;
    differences := migration_control.shape_differences(stage, live, primary_key);
    IF differences IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'MGSHP', MESSAGE = format(
        'The live table %s has another shape than its stage: %s. Alter or move the table, or correct the category file.',
        live, differences);
    END IF;
  END IF;
  CALL migration_control.require_complete(stage, stage_schema, stage_name);
  SELECT * INTO staged FROM migration_control.table_checksum(stage, checksum_list);
  IF live IS NOT NULL THEN
    SELECT * INTO present FROM migration_control.table_checksum(live, checksum_list);
    IF present.rows = staged.rows AND present.sum = staged.sum
       AND (migration_control.primary_key_of(live) = primary_key OR cardinality(primary_key) = 0) THEN
      result := jsonb_build_object('rows', staged.rows, 'sum', staged.sum::text, 'reused', true);
      RETURN;
    END IF;
    CALL migration_control.require_free(live, policy);
  END IF;
  CALL migration_control.build_beside(stage, target_schema, new_name, primary_key, checksum_list, staged.rows, staged.sum);
  EXECUTE format('ANALYZE %I.%I', target_schema, new_name);
  IF live IS NULL THEN
    CALL migration_control.take_name(format('%I.%I', target_schema, new_name)::regclass, target_schema, target);
  ELSE
    CALL migration_control.swap(format('%I.%I', target_schema, new_name)::regclass, live, target_schema, target, policy, old_name);
  END IF;
  result := jsonb_build_object('rows', staged.rows, 'sum', staged.sum::text, 'reused', false, 'oldTable', old_name);
END
$$;
