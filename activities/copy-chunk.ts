import { about, MigrationError } from '../engine/errors.js';
import { copiedColumns } from '../engine/plan/check-copy.js';
import { exportFingerprint } from '../engine/plan/fingerprint.js';
import type { ChecksumRecord } from '../engine/postgres/control/results.js';
import { type ImportResult, importChunk } from '../engine/postgres/import-chunk.js';
import { BatchHandoff, NobodyTakes } from '../engine/rows/batch-handoff.js';
import type { ColumnBatch } from '../engine/rows/column-batch.js';
import type { SetChecksum } from '../engine/rows/types.js';
import type { SourceReader } from '../engine/sqlserver/session.js';
import { requireEqual } from '../engine/validation/hops.js';
import { runChunkStep } from './chunk-step.js';
import { completeWithoutRows } from './complete-without-rows.js';
import type { ChunkRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { keepQuarantine } from './quarantine-file.js';
import { type ChunkContext, placeOf, type RawSource, type RunContexts } from './run-context.js';
import { patience, type ReadTable, readTable, type StatedChecksum } from './source-rows.js';
import type { Step } from './step.js';

/**
 * Source -> stage in one step: what the reader decodes goes into COPY, with the same ledger and the same checksums as
 * rows that rest in a bucket. Nothing is committed before the source has confirmed what was read.
 */
export function copyChunk(deps: Dependencies, contexts: RunContexts) {
  return (ref: ChunkRef): Promise<StepResult> =>
    runChunkStep(deps, contexts, ref, ['export', 'import'], async (context, step) => {
      const { config, chunk } = context;
      step.stallAfter(patience(context));
      const session = await deps.openSource(config, chunk, step);
      try {
        const { imported, stated } = await session.inSnapshot(config.consistency, (tx) =>
          new DirectCopy(deps, context, tx, step).run(),
        );
        const { rows, bytes, reused, read } = imported;
        return {
          rows,
          bytes,
          reused,
          // What an earlier attempt has committed it had compared before.
          checksums: checksumsOf(sourceOf(context), stated ?? { checksum: read, method: 'reader' }, read),
          ...(read.rows === 0 && {
            andThen: () => completeWithoutRows(deps, context, attemptOf(context), step),
          }),
        };
      } finally {
        await session.close();
      }
    });
}

/** Names the import by its epoch: one that was sent back to its source is never taken for the one before. */
function attemptOf({ chunk }: ChunkContext): string {
  return exportFingerprint(chunk.fingerprint, chunk.epoch);
}

/** A target without a transform has one. */
function sourceOf({ sources }: ChunkContext): RawSource {
  return sources[0] as RawSource;
}

function checksumsOf(
  { subject }: RawSource,
  stated: StatedChecksum,
  read: SetChecksum,
): readonly ChecksumRecord[] {
  return [
    { hop: 'source', subject, ...stated },
    { hop: 'raw', subject, checksum: read, method: 'reader', matches: true },
  ];
}

class DirectCopy {
  #reading: Promise<unknown> = Promise.resolve();
  #stated: StatedChecksum | undefined;
  #confirmed = 0;
  #replaced: ReadTable['replaced'] = [];
  readonly #source: RawSource;
  readonly #columns: RawSource['columns'];

  constructor(
    private readonly deps: Dependencies,
    private readonly context: ChunkContext,
    private readonly tx: SourceReader,
    private readonly step: Step,
  ) {
    this.#source = sourceOf(context);
    this.#columns = copiedColumns(context.target, this.#source.columns);
  }

  async run(): Promise<{ readonly imported: ImportResult; readonly stated: StatedChecksum | undefined }> {
    const { deps, context, step } = this;
    const { chunk, config, target, runId } = context;
    const imported = await about(placeOf(context), () =>
      importChunk({
        target: deps.target,
        table: target,
        runId,
        chunkId: chunk.chunkId,
        epoch: chunk.epoch,
        fingerprint: chunk.fingerprint,
        attempt: attemptOf(context),
        columns: this.#columns,
        rows: () => this.#rows(),
        confirm: (read) => this.#confirm(read),
        replaced: () => this.#replaced,
        quarantineLimit: config.quarantineLimit,
        keep: (lines) => keepQuarantine(deps, context, lines),
        signal: step.signal,
        onProgress: () => step.advance(1),
      }),
    );
    return { imported, stated: this.#stated };
  }

  /** A reading of the source; where the target refuses a row of the first one, another in the same transaction. */
  async *#rows(): AsyncGenerator<ColumnBatch, void> {
    const { context, tx, step } = this;
    await this.#reading;
    const handoff = new BatchHandoff();
    const onBatch = async (batch: ColumnBatch): Promise<void> => {
      try {
        await handoff.push(batch);
      } catch (error) {
        // A connection carries one result at a time: the rest of this one makes room for the next.
        if (!(error instanceof NobodyTakes) || context.config.quarantineLimit === 0) throw error;
      }
    };
    const how = { columns: this.#columns, onBatch };
    this.#reading = readTable(context, this.#source, tx, step, how).then(
      ({ rows, stated, replaced }) => {
        this.#confirmed = rows;
        this.#replaced = replaced;
        this.#stated = stated;
        handoff.end();
      },
      (error: unknown) => handoff.fail(error),
    );
    yield* handoff.batches();
  }

  async #confirm(read: SetChecksum): Promise<void> {
    await this.#reading;
    if (this.#confirmed !== read.rows)
      throw new MigrationError(
        'CHECKSUM_EXPORT',
        `${this.#source.subject}: ${this.#confirmed} rows were read and ${read.rows} copied. Nothing was kept; retry the chunk.`,
      );
    const stated = this.#stated;
    if (stated === undefined) this.#stated = { checksum: read, method: 'reader' };
    else requireEqual('raw', stated.checksum, read, `${placeOf(this.context)}, ${this.#source.subject}`);
  }
}
