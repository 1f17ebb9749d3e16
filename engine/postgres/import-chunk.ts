import type { TargetConfig } from '../../config/run-config.js';
import type { Target } from './connection.js';

export interface ImportInput {
  readonly target: Target;
  readonly table: TargetConfig;
  readonly chunkId: string;
  readonly fingerprint: string;
  /** Names the attempt whose parts are imported; kept in the ledger. */
  readonly attempt: string;
  /** What the manifest says. `sum` is kept in the ledger, 16 hex digits. */
  readonly expected: { readonly rows: number; readonly sum: string };
  /** COPY text lines: every target column in order, then the chunk id. */
  readonly batches: AsyncIterable<Buffer>;
  readonly signal: AbortSignal;
  /** Called after each batch with the bytes handed to the server so far. */
  readonly onProgress: (bytes: number) => void;
}

export interface ImportResult {
  readonly rows: number;
  readonly bytes: number;
  readonly reused: boolean;
}

export declare function importChunk(input: ImportInput): Promise<ImportResult>;
