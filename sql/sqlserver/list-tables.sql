-- Every table and view this login can see, to name those that were meant when one is missing.
SELECT s.name AS [schema], o.name AS [table]
FROM sys.objects AS o
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE o.type IN ('U', 'V') AND s.name <> 'sys';
