-- Requests of others that run or wait now: how busy the server is without this migration. Idle waits (WAITFOR, Service
-- Broker's receivers) are no work.
-- Needs VIEW SERVER STATE, from SQL Server 2022 VIEW SERVER PERFORMANCE STATE: without it a session sees only itself, and
-- so this gives NULL, which the guard refuses, instead of a quiet 0.
SELECT CASE
         WHEN 1 IN (HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE'),
                    HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER PERFORMANCE STATE'))
         THEN COUNT(*)
       END AS [requests]
FROM sys.dm_exec_requests AS r
JOIN sys.dm_exec_sessions AS s ON s.session_id = r.session_id
WHERE s.is_user_process = 1
  AND COALESCE(s.program_name, N'') NOT LIKE N'migrate/%'
  AND COALESCE(r.wait_type, N'') NOT IN (N'WAITFOR', N'BROKER_RECEIVE_WAITFOR');
