-- One row whose checksum is known, with what servers and code pages could get wrong: a NULL, a decimal's leading
-- zero, the last tick of a day, a code page, a surrogate pair, trailing blanks, how bits and digits of the other types
-- are printed, the bytes of texts.
SELECT CONVERT(bit, 1) AS [flag],
       CONVERT(int, -12) AS [number],
       CONVERT(decimal(11,3), '-0.500') AS [amount],
       CONVERT(date, '2025-01-31', 23) AS [day],
       CONVERT(datetime, '2025-01-31 23:59:59.997', 121) AS [tick],
       CONVERT(datetime2(6), '0001-01-01 00:00:00.000001', 121) AS [instant],
       CONVERT(varchar(10), N'né' COLLATE Latin1_General_CI_AS) AS [latin],
       CONVERT(nvarchar(10), N'né 😀  ') AS [text],
       CONVERT(int, NULL) AS [nothing],
       CONVERT(money, '-0.0050') AS [price],
       CONVERT(float, '-1.5') AS [double],
       CONVERT(real, '0.1') AS [single],
       CONVERT(time(0), '23:59:59') AS [clock],
       CONVERT(time(7), '00:00:00.0000001') AS [tenth],
       CONVERT(datetime2(7), '9999-12-31 23:59:59.9999999', 121) AS [last],
       CONVERT(datetimeoffset(0), '2025-01-31 23:59:59 -02:30') AS [there],
       CONVERT(datetimeoffset(7), '2025-01-31 23:59:59.1234567 +14:00') AS [far],
       CONVERT(uniqueidentifier, '6F9619FF-8B86-D011-B42D-00C04FC964FF') AS [key],
       CONVERT(varbinary(10), 0x00FF3B) AS [raw],
       CONVERT(varchar(10), N'né' COLLATE Latin1_General_CI_AS) AS [letters],
       CONVERT(nvarchar(10), N'né 😀') AS [units]
