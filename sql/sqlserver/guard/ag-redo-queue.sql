-- Log that a secondary replica has received and not yet applied, in MB; the worst of the databases that this server knows
-- of: its own on a secondary, every secondary's on the primary. Long reads on a secondary hold its redo up. 0 where there
-- is no availability group.
-- Needs VIEW SERVER STATE, from SQL Server 2022 VIEW SERVER PERFORMANCE STATE; without it the server refuses.
SELECT COALESCE(MAX(d.redo_queue_size), 0) / 1024 AS [mb]
FROM sys.dm_hadr_database_replica_states AS d;
