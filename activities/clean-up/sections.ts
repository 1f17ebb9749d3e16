import { encodeSegment } from '../../engine/storage/keys.js';
import type { CleanUpRules } from './contract.js';

/** A place where objects of one category, and of no other, rest. */
export interface Section {
  readonly hop: string;
  readonly bucket: 'raw' | 'transformed' | 'stats';
  readonly prefix: string;
  readonly kind: 'raw' | 'transformed' | 'quarantine' | 'statistics';
  /** The rule that says how long they are kept. */
  readonly kept: 'rawHours' | 'transformedHours' | 'quarantineHours' | 'statsHours';
}

const statistics = ['export', 'transform', 'import', 'checksum', 'report', 'clean-up'] as const;

/** All places of a category, in the order in which a clean-up looks at them. */
export function sectionsOf(category: string): readonly Section[] {
  const own = `${encodeSegment(category)}/`;
  return [
    { hop: 'raw', bucket: 'raw', prefix: own, kind: 'raw', kept: 'rawHours' },
    { hop: 'transformed', bucket: 'transformed', prefix: own, kind: 'transformed', kept: 'transformedHours' },
    {
      ...{ hop: 'quarantine', bucket: 'stats', prefix: `quarantine/${own}` },
      ...{ kind: 'quarantine', kept: 'quarantineHours' },
    },
    ...statistics.map(
      (hop) =>
        ({ hop, bucket: 'stats', prefix: `${hop}/${own}`, kind: 'statistics', kept: 'statsHours' }) as const,
    ),
  ];
}

/** Where a clean-up leaves its pages and its report. */
export function cleanUpPrefix(category: string, cleanUpId: string): string {
  return `clean-up/${encodeSegment(category)}/${encodeSegment(cleanUpId)}/`;
}

const hourMs = 3_600_000;

/** The rules for one section, in milliseconds. */
export interface Ages {
  /** Epoch milliseconds that ages are counted back from. */
  readonly at: number;
  readonly orphanMs: number;
  /** Absent: kept for ever. */
  readonly retentionMs?: number;
}

export function agesFor({ kept }: Section, rules: CleanUpRules): Ages {
  const hours = rules[kept];
  return {
    at: rules.at,
    orphanMs: rules.orphanHours * hourMs,
    ...(hours !== undefined && { retentionMs: hours * hourMs }),
  };
}
