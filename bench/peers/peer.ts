import type { Figures } from '../measure.js';
import type { BenchSource } from '../source.js';
import type { BenchTable } from '../tables.js';
import type { BenchTarget } from '../target.js';

/** Between what a tool moves rows, and a directory of its own for what it must put on disk. */
export interface PeerPlace {
  readonly source: BenchSource;
  readonly target: BenchTarget;
  readonly scratch: string;
}

/** A tool that others would take for the same work. */
export interface Peer {
  readonly name: string;
  /** Copies all rows of a source table into a table that is there and empty. */
  copy(table: BenchTable, into: string): Promise<Figures>;
  /** The founding join into an empty table; absent where the tool has none. */
  join?(tables: FoundingTables, into: string): Promise<Figures>;
  close(): Promise<void>;
}

export interface FoundingTables {
  readonly cell: BenchTable;
  readonly device: BenchTable;
}

/** Starts a tool, installing it first where it is not there. Throws Error saying why it cannot be had. */
export type StartPeer = (place: PeerPlace) => Promise<Peer>;
