import type { Bucket, ObjectInfo } from '../../engine/storage/bucket.js';
import { parseQuarantineKey } from '../../engine/storage/window-key.js';
import type { Step } from '../step.js';
import type { CleanUpReason } from './contract.js';
import { decideQuarantine, decideWindow, hasExpired, mayGo } from './decide.js';
import type { Doomed, Untouched } from './page-record.js';
import type { Section } from './sections.js';
import { groupByWindow, type Look, lookUp, statesOf } from './window-facts.js';

/** Objects of one page: some requests' worth, and a record of a few hundred kilobytes at most. */
const pageObjects = 5_000;

/** The objects behind `after`, at most a page of them; fewer where these are the section's last. */
export async function listPage(
  bucket: Bucket,
  { prefix }: Section,
  after: string | undefined,
  { signal, advance }: Step,
): Promise<{ readonly objects: readonly ObjectInfo[]; readonly full: boolean }> {
  const objects: ObjectInfo[] = [];
  for await (const object of bucket.list(prefix, after)) {
    signal.throwIfAborted();
    advance(1);
    objects.push(object);
    if (objects.length === pageObjects) return { objects, full: true };
  }
  return { objects, full: false };
}

/** Which of a page's objects are to go, window by window. */
export async function findDoomed(
  look: Look,
  { kind }: Section,
  objects: readonly ObjectInfo[],
): Promise<{ readonly doomed: readonly Doomed[]; readonly untouched: readonly Untouched[] }> {
  const findings = new Findings();
  if (kind === 'raw' || kind === 'transformed') await findParts(look, kind, objects, findings);
  else if (kind === 'quarantine') await findQuarantine(look, objects, findings);
  else
    findings.add(
      'retention',
      '',
      objects.filter((object) => hasExpired(object, look.ages)),
    );
  return findings;
}

async function findParts(
  look: Look,
  hop: 'raw' | 'transformed',
  objects: readonly ObjectInfo[],
  findings: Findings,
): Promise<void> {
  const { groups, foreign } = groupByWindow(hop, objects);
  findings.add('unknown', '', foreign);
  const looked = await lookUp(look, hop, groups, (entries, facts) => mayGo(entries, facts, look.ages));
  for (const [index, { prefix, subject, entries }] of groups.entries()) {
    const facts = looked[index] ?? 'unknown';
    if (facts === 'unknown' || facts === 'damaged') {
      findings.add(facts, '', entries);
      continue;
    }
    const { orphans, expired } = decideWindow(prefix, entries, facts, look.ages);
    findings.add('orphan', subject, orphans);
    if (expired !== undefined) findings.add('retention', subject, [expired.manifest, ...expired.parts]);
  }
}

async function findQuarantine(look: Look, objects: readonly ObjectInfo[], findings: Findings): Promise<void> {
  const files = objects.map((file) => ({ file, place: parseQuarantineKey(file.key) }));
  const known = files.flatMap(({ file, place }) => (place === undefined ? [] : [{ file, ...place }]));
  const states = await statesOf(
    look,
    known.map(({ window }) => window),
  );
  findings.add(
    'unknown',
    '',
    files.flatMap(({ file, place }) => (place === undefined ? [file] : [])),
  );
  for (const [index, { file, subject }] of known.entries()) {
    const state = states[index];
    if (state === undefined) findings.add('unknown', '', [file]);
    const reason = state && decideQuarantine(file, { ...state, running: look.running }, look.ages);
    if (reason !== undefined) findings.add(reason, subject, [file]);
  }
}

/** Gathers what is to go, and counts what is nobody's to judge. */
class Findings {
  readonly doomed: Doomed[] = [];
  readonly untouched: Untouched[] = [];

  add(reason: CleanUpReason, subject: string, objects: readonly ObjectInfo[]): void {
    if (objects.length === 0) return;
    if (reason === 'orphan' || reason === 'retention')
      this.doomed.push({
        subject,
        reason,
        objects: objects.map(({ key, bytes, lastModified }) => [key, bytes, lastModified.getTime()]),
      });
    else
      this.untouched.push({
        reason,
        objects: objects.length,
        bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
        examples: objects.slice(0, 3).map(({ key }) => key),
      });
  }
}
