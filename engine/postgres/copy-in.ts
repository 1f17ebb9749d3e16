import { from as copyFrom } from 'pg-copy-streams';
import type { TargetClient } from './connection.js';

export interface Copied {
  /** As the server counted them. */
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Sends `batches` through one COPY … FROM STDIN, never faster than the server takes them. The buffers are
 * given away: they may still be on their way out when the next batch is asked for.
 * On any failure the COPY is ended, so the connection can roll back.
 */
export async function copyIn(
  client: TargetClient,
  statement: string,
  batches: AsyncIterable<Buffer>,
  onProgress: () => void,
): Promise<Copied> {
  const stream = client.query(copyFrom(statement));
  let ended = false;
  // Node's pipeline() would destroy the stream after a server error, which sends on a connection it has let go.
  const failed = new Promise<never>((_resolve, reject) => {
    stream.on('error', (error) => {
      ended = true;
      reject(error);
    });
  });
  failed.catch(() => undefined);
  const iterator = batches[Symbol.asyncIterator]();
  let bytes = 0;
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), failed]);
      if (next.done) break;
      bytes += next.value.length;
      if (!stream.write(next.value))
        await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), failed]);
      onProgress();
    }
    await Promise.race([new Promise<void>((resolve) => stream.end(resolve)), failed]);
    return { rows: stream.rowCount, bytes };
  } catch (error) {
    // A fixed text: the message goes to the server's log.
    if (!ended) stream.destroy(new Error('the import gave up'));
    // Not awaited: a source that is stuck must not keep the connection.
    iterator.return?.().catch(() => undefined);
    throw error;
  }
}
