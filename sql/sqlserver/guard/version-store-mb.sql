-- Row versions in tempdb, in MB, of all databases: they grow while a snapshot is read and others write. From SQL Server
-- 2016 SP2. A database with accelerated database recovery keeps its versions in itself: ask there
-- sys.dm_tran_persistent_version_store_stats instead.
-- Needs VIEW SERVER STATE, from SQL Server 2022 VIEW SERVER PERFORMANCE STATE; without it the server refuses.
SELECT COALESCE(SUM(v.reserved_space_kb), 0) / 1024 AS [mb]
FROM sys.dm_tran_version_store_space_usage AS v;
