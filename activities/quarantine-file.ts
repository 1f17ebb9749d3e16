import { randomUUID } from 'node:crypto';
import { quarantineKey } from '../engine/storage/keys.js';
import type { Dependencies } from './dependencies.js';
import type { ChunkContext } from './run-context.js';

/** Stores a chunk's lines under a name of its own: what an attempt that fails after this leaves there is nobody's. */
export async function keepQuarantine(
  { buckets }: Dependencies,
  { chunk }: ChunkContext,
  lines: string,
): Promise<string> {
  const key = quarantineKey({ ...chunk, window: chunk.window.label }, randomUUID());
  await buckets.stats.put(key, lines);
  return key;
}
