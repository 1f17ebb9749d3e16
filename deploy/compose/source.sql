-- The founding case on a real SQL Server: two databases with two tables each, ten days of rows, and a login that may
-- read and nothing else. Can be run again: what exists is left alone. $(SOURCE_PASSWORD) comes from the environment.
IF SUSER_ID(N'migration_reader') IS NULL
  CREATE LOGIN migration_reader WITH PASSWORD = N'$(SOURCE_PASSWORD)', CHECK_POLICY = OFF;
GO
IF DB_ID(N'DatabaseA') IS NULL CREATE DATABASE DatabaseA COLLATE Latin1_General_CI_AS;
IF DB_ID(N'DatabaseB') IS NULL CREATE DATABASE DatabaseB COLLATE Latin1_General_CI_AS;
GO
-- Each chunk is read at one instant, without blocking writers.
ALTER DATABASE DatabaseA SET ALLOW_SNAPSHOT_ISOLATION ON;
ALTER DATABASE DatabaseB SET ALLOW_SNAPSHOT_ISOLATION ON;
GO

USE DatabaseA;
GO
IF OBJECT_ID(N'dbo.cell_performance_data') IS NULL
CREATE TABLE dbo.cell_performance_data (
  cell_location varchar(200) NULL,
  cell_id varchar(50) NOT NULL,
  power_consumption_idle decimal(11,3) NULL,
  power_consumption_peak decimal(11,3) NULL,
  bandwidth_usage_total decimal(11,3) NULL,
  measurement_time int NULL,
  signal_strength_indicator_1 int NULL,
  signal_strength_indicator_2 int NULL,
  dropped_calls_total int NULL,
  antenna_tilt smallint NULL,
  channel_utilization smallint NULL,
  data_timestamp datetime2(3) NOT NULL,
  CONSTRAINT pk_cell_performance_data PRIMARY KEY (cell_id, data_timestamp),
  -- A day is a range seek on this index; without one the plan refuses the table.
  INDEX ix_cell_performance_data_timestamp (data_timestamp)
);
IF OBJECT_ID(N'dbo.ue_statistics_data') IS NULL
CREATE TABLE dbo.ue_statistics_data (
  device_coordinate varchar(200) NULL,
  device_id varchar(50) NOT NULL,
  data_usage_download decimal(11,3) NULL,
  data_usage_upload decimal(11,3) NULL,
  data_usage_total decimal(11,3) NULL,
  connection_time int NULL,
  total_connected_time int NULL,
  total_idle_time int NULL,
  total_active_time int NULL,
  network_quality_indicator_1 int NULL,
  handover_attempts int NULL,
  data_timestamp datetime2(3) NOT NULL,
  CONSTRAINT pk_ue_statistics_data PRIMARY KEY (device_id, data_timestamp),
  INDEX ix_ue_statistics_data_timestamp (data_timestamp)
);
GO

-- The second database has the same tables with other types, as grown installations do.
USE DatabaseB;
GO
IF OBJECT_ID(N'dbo.cell_performance_data') IS NULL
CREATE TABLE dbo.cell_performance_data (
  cell_location nvarchar(200) NULL,
  cell_id nvarchar(50) NOT NULL,
  power_consumption_idle decimal(11,3) NULL,
  power_consumption_peak decimal(11,3) NULL,
  bandwidth_usage_total decimal(11,3) NULL,
  measurement_time int NULL,
  signal_strength_indicator_1 int NULL,
  signal_strength_indicator_2 int NULL,
  dropped_calls_total int NULL,
  antenna_tilt smallint NULL,
  channel_utilization smallint NULL,
  data_timestamp datetime NOT NULL,
  CONSTRAINT pk_cell_performance_data PRIMARY KEY (cell_id, data_timestamp),
  INDEX ix_cell_performance_data_timestamp (data_timestamp)
);
IF OBJECT_ID(N'dbo.ue_statistics_data') IS NULL
CREATE TABLE dbo.ue_statistics_data (
  device_coordinate nvarchar(200) NULL,
  device_id nvarchar(50) NOT NULL,
  data_usage_download decimal(11,3) NULL,
  data_usage_upload decimal(11,3) NULL,
  data_usage_total decimal(11,3) NULL,
  connection_time int NULL,
  total_connected_time int NULL,
  total_idle_time int NULL,
  total_active_time int NULL,
  network_quality_indicator_1 int NULL,
  handover_attempts int NULL,
  data_timestamp datetime NOT NULL,
  CONSTRAINT pk_ue_statistics_data PRIMARY KEY (device_id, data_timestamp),
  INDEX ix_ue_statistics_data_timestamp (data_timestamp)
);
GO

-- 100 cells, ten days, four instants a day; every seventh cell has no report, so its joined columns are NULL.
-- DB_NAME() in the ids keeps the databases' keys apart.
DECLARE @database sysname, @fill nvarchar(max) = N'
IF NOT EXISTS (SELECT 1 FROM dbo.cell_performance_data)
BEGIN
  WITH digit AS (SELECT n FROM (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) AS d(n)),
  cell AS (
    SELECT CONCAT(RIGHT(DB_NAME(), 1), ''-'', a.n * 10 + b.n) AS id, a.n * 10 + b.n AS number
    FROM digit AS a CROSS JOIN digit AS b
  ),
  instant AS (
    SELECT DATEADD(hour, 6 * q.n, DATEADD(day, d.n, CONVERT(datetime2(3), ''2025-01-01'', 126))) AS at,
      d.n * 4 + q.n AS number
    FROM digit AS d CROSS JOIN (SELECT n FROM digit WHERE n < 4) AS q
  )
  SELECT cell.id, cell.number AS cell, instant.at, cell.number * 40 + instant.number AS number
  INTO #reading FROM cell CROSS JOIN instant;

  INSERT INTO dbo.cell_performance_data
  SELECT IIF(cell % 11 = 0, NULL, CONCAT(''site '', cell)), id, number * 0.125, number * 0.250, number * -1.001, number,
    IIF(number % 5 = 0, NULL, -number), number, number % 9, number % 90, number % 100, at
  FROM #reading;

  INSERT INTO dbo.ue_statistics_data
  SELECT IIF(cell % 13 = 0, NULL, CONCAT(''at '', cell)), id, number * 0.001, number * 0.002, number * 0.003, number,
    number, number, number, IIF(number % 3 = 0, NULL, number % 100), number % 4, at
  FROM #reading WHERE cell % 7 <> 0;
END;

IF USER_ID(N''migration_reader'') IS NULL CREATE USER migration_reader FOR LOGIN migration_reader;
-- Read the rows, and see the definitions of columns and indexes; nothing else.
GRANT SELECT, VIEW DEFINITION ON SCHEMA::dbo TO migration_reader;';

DECLARE @procedure nvarchar(300);
DECLARE databases CURSOR LOCAL FAST_FORWARD FOR SELECT name FROM sys.databases WHERE name IN (N'DatabaseA', N'DatabaseB');
OPEN databases;
FETCH NEXT FROM databases INTO @database;
WHILE @@FETCH_STATUS = 0
BEGIN
  -- sp_executesql of another database runs in that database.
  SET @procedure = QUOTENAME(@database) + N'.sys.sp_executesql';
  EXECUTE @procedure @fill;
  FETCH NEXT FROM databases INTO @database;
END;
CLOSE databases;
DEALLOCATE databases;
GO
