import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import type { DatabaseId } from '../activities/contract.js';

/**
 * What the Web UI's list can be filtered by. On categories and databases only: on every chunk they would cost a fifth
 * of the throughput, and a chunk is found by its workflow id.
 */
export const searchAttributes = {
  category: defineSearchAttributeKey('Category', SearchAttributeType.KEYWORD),
  sourceServer: defineSearchAttributeKey('SourceServer', SearchAttributeType.KEYWORD),
  sourceDatabase: defineSearchAttributeKey('SourceDatabase', SearchAttributeType.KEYWORD),
  phase: defineSearchAttributeKey('Phase', SearchAttributeType.KEYWORD),
} as const;

export function databaseAttributes(
  category: string,
  { server, database }: DatabaseId,
): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: searchAttributes.category, value: category },
    { key: searchAttributes.sourceServer, value: server },
    { key: searchAttributes.sourceDatabase, value: database },
    { key: searchAttributes.phase, value: 'COPYING' },
  ]);
}
