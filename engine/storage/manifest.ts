import type { Column, SetChecksum } from '../rows/types.js';

export interface Part {
  readonly key: string;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * What rests under a window's prefix: which attempt's parts count. No manifest, no data.
 * It is put conditionally and last, so a reader never sees half an attempt.
 */
export interface Manifest {
  readonly version: 1;
  /** Hash of all that decides the content; equal fingerprints are interchangeable. */
  readonly fingerprint: string;
  readonly attempt: string;
  readonly columns: readonly Column[];
  readonly parts: readonly Part[];
  /** Rows written, counted by the writer, never taken from a COUNT on the source. */
  readonly rows: number;
  readonly bytes: number;
  /** Over `columns`, of the rows that were written, by who wrote them; who reads the parts compares. */
  readonly checksum: SetChecksum;
  /** Raw manifests only: what the source itself said in the same snapshot. */
  readonly source?: {
    readonly checksum: SetChecksum;
    /** `server`: by the source's HASHBYTES; `reader`: by the reader over the values it was given. */
    readonly method: 'server' | 'reader';
  };
  /** Raw manifests only: values of the target's columns in which the reader has replaced what is no text. */
  readonly replaced?: readonly { readonly column: string; readonly values: number }[];
}
