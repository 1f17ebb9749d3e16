/** The workflow types that a worker registers; their names are what `temporal workflow start --type` takes. */
export { cleanUp } from './clean-up.js';
export { migrateCategory } from './migrate-category.js';
export { migrateChunk } from './migrate-chunk.js';
export { migrateDatabase } from './migrate-database.js';
export { serverGate } from './server-gate.js';
export { steerCategory } from './steer-category.js';
