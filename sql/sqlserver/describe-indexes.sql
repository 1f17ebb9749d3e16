-- Key and partitioning columns of the indexes that are in use. A heap (type 0) shows only its partitioning column.
SELECT i.index_id AS [indexId],
       i.type AS [type],
       i.is_primary_key AS [primaryKey],
       i.has_filter AS [filtered],
       ic.key_ordinal AS [keyOrdinal],
       ic.partition_ordinal AS [partitionOrdinal],
       c.name AS [column]
FROM sys.indexes AS i
JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
JOIN sys.columns AS c ON c.object_id = ic.object_id AND c.column_id = ic.column_id
WHERE i.object_id = @object AND i.is_disabled = 0 AND i.is_hypothetical = 0
ORDER BY i.index_id, ic.key_ordinal;
