import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import type { ChunkReport } from '../../engine/postgres/control/reports.js';
import type { Bucket } from '../../engine/storage/bucket.js';
import { encodeSegment } from '../../engine/storage/keys.js';
import { rate } from './chunk-entry.js';

const stepColumns = [
  'chunk',
  'window',
  'state',
  'rows',
  'bytes',
  'seconds',
  'rows_per_second',
  'reused',
] as const;
const importColumns = [...stepColumns, 'rows_quarantined', 'quarantine_object'] as const;
const checksumColumns = [
  'chunk',
  'window',
  'hop',
  'subject',
  'rows',
  'checksum',
  'method',
  'matches',
] as const;

/**
 * The statistics of a run as CSV: `export/`, `transform/`, `import/` and `checksum/`, then
 * `<category>/<run>/<target>-<server>-<database>.csv`. `checksum/` has a line per chunk and hop; `import/` names the
 * rows in quarantine.
 */
export class StatisticsFiles {
  readonly #files = new Map<string, { readonly path: string; readonly stream: WriteStream }>();

  constructor(
    private readonly directory: string,
    private readonly run: { readonly category: string; readonly runId: string },
  ) {}

  async add({ chunk, steps, checksums, quarantine }: ChunkReport): Promise<void> {
    const window = chunk.window.label;
    for (const { step, rows, bytes, seconds, reused } of steps) {
      if (step === 'checksum') continue;
      const line = [chunk.chunkId, window, chunk.state, rows, bytes, seconds, rate(rows, seconds), reused];
      const left = [quarantine?.rows ?? 0, quarantine?.object];
      if (step === 'import') await this.#write(step, chunk, importColumns, [...line, ...left]);
      else await this.#write(step, chunk, stepColumns, line);
    }
    for (const { hop, subject, rows, sum, method, matches } of checksums)
      await this.#write('checksum', chunk, checksumColumns, [
        chunk.chunkId,
        window,
        hop,
        subject,
        rows,
        sum,
        method,
        matches,
      ]);
  }

  async upload(bucket: Bucket): Promise<void> {
    for (const [key, { path, stream }] of this.#files) {
      stream.end();
      await once(stream, 'close');
      await bucket.putFile(key, path);
    }
  }

  async #write(
    step: string,
    { target, server, database }: ChunkReport['chunk'],
    header: readonly string[],
    line: readonly unknown[],
  ): Promise<void> {
    const name = [target, server, database].map(encodeSegment).join('-');
    const key = `${step}/${encodeSegment(this.run.category)}/${this.run.runId}/${name}.csv`;
    const known = this.#files.get(key);
    const stream = known?.stream ?? this.#open(key, header);
    if (!stream.write(csvLine(line))) await once(stream, 'drain');
  }

  #open(key: string, header: readonly string[]): WriteStream {
    const path = join(this.directory, `${this.#files.size}.csv`);
    const stream = createWriteStream(path);
    stream.write(csvLine(header));
    this.#files.set(key, { path, stream });
    return stream;
  }
}

/** Left to itself the library writes false as nothing, which is how NULL looks. */
function csvLine(line: readonly unknown[]): string {
  return stringify([[...line]], { cast: { boolean: String } });
}
