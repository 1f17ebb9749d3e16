/** What is known of a chunk as a member, by other names than the chunk's own columns have. */
export const member = `(SELECT chunk_id AS member_id, fingerprint AS member_fingerprint, epoch AS member_epoch,
                        run_id AS member_run, attempt, whole FROM migration_control.whole_member) m`;

/** Whether that still holds of the chunk. */
export const valid = 'member_id = chunk_id AND member_fingerprint = fingerprint AND member_epoch = epoch';

/** Conditions on `chunk`: those that a pass over its database is for. */
export const passConditions = {
  all: 'true',
  export: `NOT EXISTS (SELECT FROM ${member} WHERE ${valid} AND member_run = run_id)`,
  load: `EXISTS (SELECT FROM ${member} WHERE ${valid} AND whole IS NOT NULL)`,
} as const;
