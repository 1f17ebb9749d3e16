-- One row whose checksum is known, with what servers and code pages could get wrong: a NULL, a decimal's leading
-- zero, the last tick of a day, a code page, a surrogate pair, trailing blanks.
SELECT CONVERT(bit, 1) AS [flag],
       CONVERT(int, -12) AS [number],
       CONVERT(decimal(11,3), '-0.500') AS [amount],
       CONVERT(date, '2025-01-31', 23) AS [day],
       CONVERT(datetime, '2025-01-31 23:59:59.997', 121) AS [tick],
       CONVERT(datetime2(6), '0001-01-01 00:00:00.000001', 121) AS [instant],
       CONVERT(varchar(10), N'né' COLLATE Latin1_General_CI_AS) AS [latin],
       CONVERT(nvarchar(10), N'né 😀  ') AS [text],
       CONVERT(int, NULL) AS [nothing]
