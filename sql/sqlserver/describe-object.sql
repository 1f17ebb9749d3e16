-- The table or view and what this login may do with it. An object without any permission is invisible here.
-- UNMASK is a database permission up to SQL Server 2019 and can be granted per object from 2022, which also has
-- VIEW DATABASE PERFORMANCE STATE: where a version does not know the permission for the class, HAS_PERMS_BY_NAME gives
-- NULL. NULL as the name of a database is the current one; DB_NAME() would be taken apart at a dot.
SELECT o.object_id AS [objectId],
       o.type AS [type],
       HAS_PERMS_BY_NAME(@qualified, 'OBJECT', 'SELECT') AS [canSelect],
       HAS_PERMS_BY_NAME(@qualified, 'OBJECT', 'UNMASK') AS [unmaskObject],
       HAS_PERMS_BY_NAME(NULL, 'DATABASE', 'UNMASK') AS [unmaskDatabase],
       HAS_PERMS_BY_NAME(NULL, 'DATABASE', 'VIEW DEFINITION') AS [viewDefinition],
       HAS_PERMS_BY_NAME(NULL, 'DATABASE', 'VIEW DATABASE STATE') AS [viewState],
       HAS_PERMS_BY_NAME(NULL, 'DATABASE', 'VIEW DATABASE PERFORMANCE STATE') AS [viewPerformanceState]
FROM sys.objects AS o
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE s.name = @schema AND o.name = @table AND o.type IN ('U', 'V');
