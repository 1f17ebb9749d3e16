import type { DuckDb } from './duckdb.js';
import type { TransformEngine } from './engine.js';

export interface DuckDbEngineOptions {
  readonly duckdb: DuckDb;
  /** Downloads and part files rest here while a window is transformed. */
  readonly scratchDirectory: string;
}

export declare function createDuckDbEngine(options: DuckDbEngineOptions): TransformEngine;
