-- Has the BRIN indexes of a stage and its children take note of the pages that were written since they last did, so
-- that the rows of one chunk are found without a look at those. Vacuum holds the lock that this needs: then it is left
-- for later, as pages without a note are read too.
CREATE OR REPLACE PROCEDURE migration_control.note_stage_pages(stage regclass)
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
  index regclass;
BEGIN
  FOR index IN
    SELECT i.indexrelid
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
      JOIN pg_catalog.pg_am a ON a.oid = c.relam AND a.amname = 'brin'
     WHERE i.indrelid = stage OR i.indrelid IN (SELECT relid FROM pg_catalog.pg_partition_tree(stage))
     ORDER BY i.indexrelid
  LOOP
    PERFORM pg_catalog.brin_summarize_new_values(index);
  END LOOP;
EXCEPTION
  WHEN lock_not_available THEN NULL;
END
$$;
