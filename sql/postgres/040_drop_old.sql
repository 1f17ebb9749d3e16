-- Drops what earlier swaps of a target left behind. Only tables that a swap recorded, only by their OID, and only
-- while they still carry the name it gave them.
CREATE OR REPLACE PROCEDURE migration_control.drop_old(target_schema text, target text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  r migration_control.replaced;
BEGIN
  FOR r IN SELECT * FROM migration_control.replaced o
            WHERE o.target_schema = drop_old.target_schema AND o.target = drop_old.target FOR UPDATE LOOP
    IF to_regclass(format('%I.%I', r.target_schema, r.old_name)) = r.table_oid::regclass THEN
      EXECUTE format('DROP TABLE %I.%I', r.target_schema, r.old_name);
    END IF;
    DELETE FROM migration_control.replaced o WHERE o.table_oid = r.table_oid;
  END LOOP;
END
$$;
