-- 5 is Azure SQL Database, 12 SQL database in Microsoft Fabric: there a session reaches no database but its own.
SELECT CONVERT(int, SERVERPROPERTY('EngineEdition')) AS [engineEdition];
