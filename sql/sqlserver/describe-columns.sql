-- Base types have user_type_id = system_type_id, so an alias type (sysname, a user's own) is described by what it
-- stands for; CLR types (geography) have no such base and keep their own name.
SELECT c.name AS [name],
       COALESCE(base.name, declared.name) AS [typeName],
       c.max_length AS [maxLength],
       c.precision AS [precision],
       c.scale AS [scale],
       CONVERT(bit, CASE WHEN base.name IS NULL THEN 1 ELSE 0 END) AS [clr],
       c.collation_name AS [collation],
       c.is_nullable AS [nullable],
       c.is_masked AS [masked],
       c.encryption_type AS [encryptionType]
FROM sys.columns AS c
JOIN sys.types AS declared ON declared.user_type_id = c.user_type_id
LEFT JOIN sys.types AS base ON base.user_type_id = c.system_type_id
WHERE c.object_id = @object
ORDER BY c.column_id;
