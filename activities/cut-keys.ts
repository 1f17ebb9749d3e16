import type { RunConfig } from '../config/run-config.js';
import { divideKeys } from '../engine/plan/key-windows.js';
import type { CutKeys } from '../engine/postgres/control/split-chunk.js';
import { bySubject, marksOf } from './count-keys.js';
import type { Dependencies } from './dependencies.js';
import type { Step } from './step.js';

/** Marks that the source looks for in each part, so that parts become about even. */
const marksInPart = 4;

/** Cuts a chunk by key into parts, by what the source holds of its window now. */
export function cutKeys(deps: Dependencies, config: RunConfig, step: Step): CutKeys {
  return async (path, { server, database, window, rowsPlanned }, tables, parts) => {
    const session = await deps.openSource(config, { server, database }, step);
    try {
      const rows = Object.values(rowsPlanned).reduce((all, count) => all + count, 0);
      const grain = Math.max(1, Math.floor(rows / (parts * marksInPart)));
      const marks = await session.inSnapshot(config.consistency, (reader) =>
        marksOf(reader, tables, window, grain),
      );
      return divideKeys(path, marks, parts, window).map(({ from, to, rows: counts }, part) => ({
        window: {
          label: `${window.label}-${part + 1}`,
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
          ...(window.key !== undefined && { key: window.key }),
        },
        rows: bySubject(tables, counts),
      }));
    } finally {
      await session.close();
    }
  };
}
