import { type FileHandle, open } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { MigrationError } from '../errors.js';
import { type Crc32, crc32Of, RunningCrc32 } from './crc32.js';
import { inLanes } from './lanes.js';
import { pieceBytes, piecesInFlight, type S3Object } from './s3-object.js';
import { textField } from './storage-error.js';

/** S3 takes no more parts an upload than 10,000. */
const maxParts = 9_000;

/**
 * Uploads a local file, in parts where it is large: its bytes are read once, and `piecesInFlight` parts are in memory
 * at most. The store checks each part's CRC-32, and that of the whole before the object appears. Returns its size in
 * bytes. An upload that fails or is aborted is taken back. Throws the SDK's errors and the signal's reason.
 */
export async function uploadFile(object: S3Object, path: string, signal?: AbortSignal): Promise<number> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const source = new PartSource(file, size, Math.max(pieceBytes, Math.ceil(size / maxParts)));
    if (source.parts > 1) await uploadParts(object, source, signal);
    else await putWhole(object, source, signal);
    return size;
  } finally {
    await file.close();
  }
}

/** Puts a small object, whose CRC-32 the store checks. `more` is added to the request, such as its conditions. */
export async function putBytes(
  { client, at, encryption }: S3Object,
  bytes: Buffer,
  more: { readonly IfNoneMatch?: string; readonly IfMatch?: string } = {},
  signal?: AbortSignal,
): Promise<void> {
  const checksum = { ChecksumAlgorithm: 'CRC32', ChecksumCRC32: crc32Of(bytes) } as const;
  await client.send(
    new PutObjectCommand({ ...at, ...encryption, ...more, ...checksum, Body: bytes }),
    abortable(signal),
  );
}

async function putWhole(object: S3Object, source: PartSource, signal?: AbortSignal): Promise<void> {
  const part = await source.next(Buffer.allocUnsafe(source.size));
  await putBytes(object, part?.bytes ?? Buffer.alloc(0), {}, signal);
}

async function uploadParts(object: S3Object, source: PartSource, signal?: AbortSignal): Promise<void> {
  const { client, at, encryption } = object;
  // Not abortable: an upload whose id never came back could not be taken back.
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      ...at,
      ...encryption,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
    }),
  );
  const upload = { ...at, UploadId };
  try {
    const parts = await sendParts(client, upload, source, signal);
    await complete(object, { ...upload, MultipartUpload: { Parts: parts } }, source);
  } catch (error) {
    // What cannot be taken back now is left to the bucket's lifecycle rule; the first failure says more.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

async function sendParts(
  client: S3Client,
  upload: S3Object['at'] & { readonly UploadId: string | undefined },
  source: PartSource,
  signal?: AbortSignal,
): Promise<CompletedPart[]> {
  const parts: CompletedPart[] = [];
  await inLanes(Math.min(piecesInFlight, source.parts), signal, async (stop) => {
    const buffer = Buffer.allocUnsafe(source.partBytes);
    for (let part = await source.next(buffer); part; part = await source.next(buffer)) {
      const { bytes, number: PartNumber } = part;
      const checked = { PartNumber, ChecksumCRC32: crc32Of(bytes) };
      const { ETag } = await client.send(
        new UploadPartCommand({ ...upload, ...checked, ChecksumAlgorithm: 'CRC32', Body: bytes }),
        abortable(stop),
      );
      parts[PartNumber - 1] = { ...checked, ETag };
    }
  });
  return parts;
}

/** Makes the parts one object. S3 knows no upload any more where an answer was lost and the request came again. */
async function complete(
  { client, at }: S3Object,
  upload: CompleteMultipartUploadCommandInput,
  { crc32, size }: PartSource,
): Promise<void> {
  const whole = { ChecksumType: 'FULL_OBJECT', ChecksumCRC32: crc32 } as const;
  const request = new CompleteMultipartUploadCommand({ ...upload, ...whole, MpuObjectSize: size });
  try {
    // Not abortable: nobody could say whether the object appears.
    await client.send(request);
  } catch (error) {
    if (textField(error, 'name') !== 'NoSuchUpload') throw error;
    const look = new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' });
    const stored = await client.send(look).catch(() => undefined);
    if (stored?.ContentLength !== size || stored.ChecksumCRC32 !== crc32) throw error;
  }
}

/** Parts of a file, read one after another by whoever asks next. */
class PartSource {
  readonly parts: number;
  readonly #crc32 = new RunningCrc32();
  #read = 0;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly file: FileHandle,
    readonly size: number,
    readonly partBytes: number,
  ) {
    this.parts = Math.ceil(size / partBytes);
  }

  /** Of all that was read. */
  get crc32(): Crc32 {
    return this.#crc32.get();
  }

  /** The next part, in `buffer`; undefined behind the last one. */
  next(buffer: Buffer): Promise<{ readonly number: number; readonly bytes: Buffer } | undefined> {
    const part = this.#reading.then(() => this.#next(buffer));
    this.#reading = part.catch(() => undefined);
    return part;
  }

  async #next(buffer: Buffer) {
    if (this.#read === this.size) return undefined;
    const number = this.#read / this.partBytes + 1;
    const bytes = buffer.subarray(0, Math.min(this.partBytes, this.size - this.#read));
    for (let filled = 0; filled < bytes.length; ) {
      const { bytesRead } = await this.file.read(bytes, filled, bytes.length - filled, this.#read + filled);
      if (bytesRead === 0) throw new MigrationError('STORAGE_IO', 'A file became shorter while it was sent.');
      filled += bytesRead;
    }
    this.#crc32.add(bytes);
    this.#read += bytes.length;
    return { number, bytes };
  }
}

function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}
