-- Enabled predicates that hide rows from readers (predicate_type 0 = FILTER; 1 = BLOCK stops writers only).
SELECT COUNT(*) AS [predicates]
FROM sys.security_predicates AS p
JOIN sys.security_policies AS o ON o.object_id = p.object_id
WHERE p.target_object_id = @object AND p.predicate_type = 0 AND o.is_enabled = 1;
