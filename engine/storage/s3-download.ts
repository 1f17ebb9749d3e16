import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { MigrationError } from '../errors.js';
import { crc32OfFile } from './crc32.js';
import { inLanes } from './lanes.js';
import { s3Status } from './s3-error.js';
import { pieceBytes, piecesInFlight, type S3Object } from './s3-object.js';

/** Attempts in a row that bring not one byte of a piece. */
const maxVainAttempts = 4;

/**
 * Downloads an object to `path`, its pieces `piecesInFlight` at a time, each straight to its place in the file. All are
 * of one version of it: where it is replaced meanwhile, nothing of it counts. Then the file is read again and its
 * CRC-32 compared with the one that the store has, if it has one of the whole object. Throws the SDK's errors, the
 * signal's reason, and STORAGE_IO for bytes that are not the object's.
 */
export async function downloadFile(object: S3Object, path: string, signal?: AbortSignal): Promise<void> {
  const head = await describe(object, signal);
  const size = head.ContentLength ?? 0;
  const file = await open(path, 'w+');
  try {
    let next = 0;
    const pieces = Math.ceil(size / pieceBytes);
    await inLanes(Math.min(piecesInFlight, pieces), signal, async (stop) => {
      while (next < size) {
        const from = next;
        next += pieceBytes;
        await fetchPiece({ object, version: head.ETag, file, signal: stop }, from, Math.min(next, size));
      }
    });
    await compare(object, head, file);
  } finally {
    await file.close();
  }
}

/** A HEAD's refusal has no body that would say why; that of a GET has. */
async function describe({ client, at }: S3Object, signal?: AbortSignal): Promise<HeadObjectCommandOutput> {
  const options = signal ? { abortSignal: signal } : {};
  try {
    return await client.send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }), options);
  } catch (error) {
    const status = s3Status(error);
    if (status !== undefined && status < 500) {
      const { Body } = await client.send(new GetObjectCommand({ ...at, Range: 'bytes=0-0' }), options);
      await Body?.transformToByteArray();
    }
    throw error;
  }
}

interface Download {
  readonly object: S3Object;
  readonly version: string | undefined;
  readonly file: FileHandle;
  readonly signal: AbortSignal;
}

/** Bytes `from` up to `end`. The SDK tries a request again, but not an answer that breaks off: that is done here. */
async function fetchPiece(download: Download, from: number, end: number): Promise<void> {
  const { file, signal } = download;
  let position = from;
  for (let vain = 0; position < end; ) {
    const body = await openRange(download, position, end);
    const before = position;
    try {
      for await (const bytes of body) {
        await file.write(bytes, 0, bytes.length, position);
        position += bytes.length;
      }
    } catch (error) {
      vain = position > before ? 0 : vain + 1;
      if (signal.aborted || body.errored === null || vain === maxVainAttempts) throw error;
      await sleep(100 * 2 ** vain, undefined, { signal });
    }
  }
}

async function openRange(
  { object, version, signal }: Download,
  from: number,
  end: number,
): Promise<Readable> {
  const { Body, ContentLength } = await object.client.send(
    new GetObjectCommand({
      ...object.at,
      Range: `bytes=${from}-${end - 1}`,
      ...(version !== undefined && { IfMatch: version }),
    }),
    { abortSignal: signal },
  );
  if (Body instanceof Readable && ContentLength === end - from) return Body;
  throw new MigrationError(
    'STORAGE_IO',
    `The store answered ${ContentLength} bytes of ${object.at.Key} when asked for ${end - from}.`,
  );
}

async function compare(object: S3Object, head: HeadObjectCommandOutput, file: FileHandle): Promise<void> {
  // That of an object in parts may be one of its parts' checksums, which says nothing that could be compared here.
  if (head.ChecksumCRC32 === undefined || head.ChecksumType === 'COMPOSITE') return;
  if ((await crc32OfFile(file, Buffer.allocUnsafe(pieceBytes))) === head.ChecksumCRC32) return;
  throw new MigrationError(
    'STORAGE_IO',
    `${object.at.Key} in bucket ${object.at.Bucket} came with other bytes than were stored: their CRC-32 differs.`,
  );
}
