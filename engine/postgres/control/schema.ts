import type { Target } from '../connection.js';

/**
 * Brings schema migration_control up to date; safe to call by many at once and again.
 * Throws TARGET_PERMISSION naming the missing grant.
 */
export declare function applyControlSchema(target: Target): Promise<void>;
