-- Settings of every session on a source server.
-- NOCOUNT OFF: the row count in each DONE is what proves that a result is complete, and a server may default to ON.
-- LOCK_TIMEOUT: without row versions a reader waits behind writers; give up in the open (error 1222) and retry.
-- DEADLOCK_PRIORITY: of the application and a migration, the migration gives way.
SET NOCOUNT OFF;
SET LOCK_TIMEOUT 60000;
SET DEADLOCK_PRIORITY LOW;
