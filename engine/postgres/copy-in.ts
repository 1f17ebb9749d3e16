import type { Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { from as copyFrom } from 'pg-copy-streams';
import type { TargetClient } from './connection.js';

export interface Copied {
  /** As the server counted them. */
  readonly rows: number;
  readonly bytes: number;
  /** CRC-32 of the bytes that were handed to COPY. */
  readonly crc32: number;
}

/** Bytes that may wait for the socket, so that a server that pauses a moment does not stop the source. */
const waitingBytes = 1024 * 1024;

/**
 * Sends `buffers` through one COPY … FROM STDIN, never faster than the server takes them. The buffers are given away:
 * they may still be on their way out when the next one is asked for, and long after it, as pg-copy-streams calls a
 * write done before the socket has taken it. The checksum continues `before`, that of an earlier COPY.
 * On any failure the COPY is ended, so the connection can roll back.
 */
export async function copyIn(
  client: TargetClient,
  statement: string,
  buffers: AsyncIterable<Buffer>,
  onProgress: () => void,
  before = 0,
): Promise<Copied> {
  const stream = client.query(copyFrom(statement, { highWaterMark: waitingBytes }));
  // Node's pipeline() would destroy the stream after a server error, which sends on a connection it has let go.
  const untilError = createFailing(stream);
  const iterator = buffers[Symbol.asyncIterator]();
  let bytes = 0;
  let checksum = before;
  try {
    for (;;) {
      const next = await untilError.wait(iterator.next());
      if (next.done) break;
      bytes += next.value.length;
      checksum = crc32(next.value, checksum);
      if (!stream.write(next.value))
        await untilError.wait(new Promise((resolve) => stream.once('drain', resolve)));
      onProgress();
    }
    await untilError.wait(new Promise<void>((resolve) => stream.end(resolve)));
    return { rows: stream.rowCount, bytes, crc32: checksum };
  } catch (error) {
    // A fixed text: the message goes to the server's log.
    if (!untilError.failed()) stream.destroy(new Error('the import gave up'));
    // Not awaited: a source that is stuck must not keep the connection.
    iterator.return?.().catch(() => undefined);
    throw error;
  }
}

interface Failing {
  /** Settles as `work` does, or rejects with the stream's error as soon as there is one. */
  wait<T>(work: Promise<T>): Promise<T>;
  failed(): boolean;
}

/**
 * Not by Promise.race(): a promise that lives as long as the COPY keeps all that was ever raced against it, and with
 * it every buffer that was sent (https://github.com/nodejs/node/issues/17469).
 */
function createFailing(stream: Writable): Failing {
  let failure: { readonly error: unknown } | undefined;
  let fail: (error: unknown) => void = () => undefined;
  stream.on('error', (error) => {
    failure = { error };
    fail(error);
  });
  return {
    wait: (work) =>
      new Promise((resolve, reject) => {
        fail = reject;
        if (failure !== undefined) reject(failure.error);
        work.then(resolve, reject);
      }),
    failed: () => failure !== undefined,
  };
}
