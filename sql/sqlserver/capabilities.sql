-- By name, as DB_ID() differs from database_id on Azure SQL Database.
SELECT CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS [productVersion],
       CONVERT(int, SERVERPROPERTY('EngineEdition')) AS [engineEdition],
       d.snapshot_isolation_state AS [snapshotState],
       d.is_read_committed_snapshot_on AS [rcsi]
FROM sys.databases AS d
WHERE d.name = DB_NAME();
