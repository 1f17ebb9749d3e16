-- What a view or function names in its definition: a row per object, and one per column of it. This function may be
-- read by everybody who has VIEW DEFINITION; sys.sql_expression_dependencies would need a grant of its own and knows no
-- columns where a view is not schema-bound. What lies in another database has no objectId here.
SELECT COALESCE(r.referenced_schema_name + N'.', N'') + r.referenced_entity_name AS [name],
       s.name AS [schema],
       o.name AS [table],
       o.object_id AS [objectId],
       o.type AS [type],
       c.name AS [column],
       c.is_masked AS [masked],
       c.encryption_type AS [encryptionType]
FROM sys.dm_sql_referenced_entities(@qualified, 'OBJECT') AS r
LEFT JOIN sys.objects AS o
  ON o.object_id = r.referenced_id
 AND r.referenced_server_name IS NULL
 AND COALESCE(r.referenced_database_name, DB_NAME()) = DB_NAME()
LEFT JOIN sys.schemas AS s ON s.schema_id = o.schema_id
LEFT JOIN sys.columns AS c ON c.object_id = o.object_id AND c.column_id = r.referenced_minor_id
WHERE r.referenced_class = 1;
