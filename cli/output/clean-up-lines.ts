import type {
  CleanUpGroup,
  CleanUpReason,
  CleanUpSummary,
  ObjectTotal,
} from '../../activities/clean-up/contract.js';
import { columns } from './columns.js';
import { counted, size } from './quantities.js';

const reasons: Readonly<Record<CleanUpReason, string>> = {
  orphan: 'never came to count',
  retention: 'older than it is kept',
  unknown: 'not known here; never touched',
  damaged: 'under a damaged manifest; never touched',
};

/** What a clean-up found, and what it took away. */
export function cleanUpLines({
  category,
  applied,
  seen,
  found,
  removed,
  groups,
  report,
}: CleanUpSummary): readonly string[] {
  const stayed = found.objects - removed.objects;
  return [
    `${category}: ${counted(seen, 'object')} seen, ${total(found)} to go`,
    ...columns(groups.map(cells), [2, 3]).map((line) => `  ${line}`),
    ...(applied
      ? [
          `Taken away: ${total(removed)}${stayed === 0 ? '' : `; ${counted(stayed, 'object')} stayed, as they are needed by now`}.`,
        ]
      : found.objects === 0
        ? []
        : ['A dry run: nothing was changed. Take it away with --apply.']),
    `Report: ${report}`,
  ];
}

function cells({ hop, subject, reason, found }: CleanUpGroup): readonly string[] {
  return [hop, subject, counted(found.objects, 'object'), size(found.bytes), reasons[reason]];
}

function total({ objects, bytes }: ObjectTotal): string {
  return `${counted(objects, 'object')} (${size(bytes)})`;
}
