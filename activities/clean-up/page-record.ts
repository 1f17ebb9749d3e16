import { z } from 'zod';
import { MigrationError } from '../../engine/errors.js';
import type { Bucket } from '../../engine/storage/bucket.js';
import { cleanUpPrefix } from './sections.js';

const doomed = z.strictObject({
  subject: z.string(),
  reason: z.enum(['orphan', 'retention']),
  /** `[key, bytes, epoch milliseconds]`: a part that goes with its manifest is as old as that. */
  objects: z.array(z.tuple([z.string(), z.number(), z.number()])),
});
const untouched = z.strictObject({
  reason: z.enum(['unknown', 'damaged']),
  objects: z.number(),
  bytes: z.number(),
  examples: z.array(z.string()),
});
const page = z.strictObject({
  version: z.literal(1),
  hop: z.string(),
  next: z.strictObject({ section: z.number(), after: z.string().exactOptional() }).exactOptional(),
  seen: z.number(),
  doomed: z.array(doomed),
  untouched: z.array(untouched),
  /** Once the page was applied: keys of `doomed` that stayed, as something came to need them, or replaced them. */
  stayed: z.array(z.string()).exactOptional(),
});

const written = z
  .string()
  .transform((body, context): unknown => {
    try {
      return JSON.parse(body);
    } catch {
      context.addIssue({ code: 'custom', message: 'is no JSON' });
      return z.NEVER;
    }
  })
  .pipe(page);

/** Objects of one window, or of one section of statistics, that go for one reason. */
export type Doomed = z.infer<typeof doomed>;
export type Untouched = z.infer<typeof untouched>;
/**
 * What a clean-up found on one page, written before anything of it goes: an attempt that comes after one that was
 * killed goes on from it, and the report tells all that went, whoever took it away.
 */
export type PageRecord = z.infer<typeof page>;

/** Names one page of one clean-up. */
export interface PageRef {
  readonly category: string;
  readonly cleanUpId: string;
  readonly page: number;
}

export async function readPage(bucket: Bucket, ref: PageRef): Promise<PageRecord | undefined> {
  const found = await bucket.get(pageKey(ref));
  if (found === undefined) return undefined;
  const parsed = written.safeParse(found.body);
  if (parsed.success) return parsed.data;
  throw new MigrationError(
    'STORAGE_IO',
    `${pageKey(ref)} in ${bucket.url} is no page of a clean-up. Delete it, and start the clean-up again.`,
    { cause: parsed.error },
  );
}

export async function writePage(bucket: Bucket, ref: PageRef, record: PageRecord): Promise<void> {
  await bucket.put(pageKey(ref), JSON.stringify(record));
}

function pageKey({ category, cleanUpId, page }: PageRef): string {
  return `${cleanUpPrefix(category, cleanUpId)}page-${String(page).padStart(5, '0')}.json`;
}
