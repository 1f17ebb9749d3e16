-- Bytes a full scan reads. Needs VIEW DATABASE STATE (VIEW DATABASE PERFORMANCE STATE from SQL Server 2022).
SELECT SUM(s.used_page_count) * 8192 AS [bytes]
FROM sys.dm_db_partition_stats AS s
WHERE s.object_id = @object AND s.index_id IN (0, 1);
