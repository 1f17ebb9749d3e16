-- Approximate rows, out of metadata: the heap (0) or the clustered index (1) holds every row once.
SELECT SUM(p.rows) AS [rows]
FROM sys.partitions AS p
WHERE p.object_id = @object AND p.index_id IN (0, 1);
