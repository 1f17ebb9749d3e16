import type { Column } from '../rows/types.js';
import type { TransformSource, WholeRequest, WholeWindow } from '../transform/engine.js';
import type { Lineage } from '../transform/lineage.js';
import { type JobWindow, scriptVersion, type TransformJobRequest } from './job-request.js';
import { sparkTransform } from './spark-transform.js';

/**
 * What a transform is asked of a job, but for where its answer goes.
 * @throws MigrationError TRANSFORM_INVALID for SQL that Spark does not read
 */
export function transformRequest(
  { target, windows, partRows, joinKeys }: WholeRequest,
  lineage: Lineage,
): Omit<TransformJobRequest, 'output'> {
  return {
    scriptVersion,
    kind: 'transform',
    partRows,
    windows: windows.map(({ prefix }) => prefix),
    sources: (windows[0]?.sources ?? []).flatMap((_, index) => sourcesOf(windows, index)),
    columns: target.columns.map(plain),
    transform: sparkTransform(lineage, target.transform?.file ?? target.name),
    ...(joinKeys !== undefined && { joinKeys }),
  };
}

type Source = TransformJobRequest['sources'][number] & { readonly windows: JobWindow[] };

/** Of one table, by the columns that windows have of it: each raw part is read, and hashed, as it was written. */
function sourcesOf(windows: readonly WholeWindow[], index: number): readonly Source[] {
  const found = new Map<string, Source>();
  for (const [window, { sources }] of windows.entries()) {
    const { table, bucket, manifest } = sources[index] as TransformSource;
    const columns = manifest.columns.map(plain);
    const key = JSON.stringify(columns);
    const source = found.get(key) ?? { table, bucket: bucket.url, columns, windows: [] };
    source.windows.push({ window, parts: manifest.parts, checksum: manifest.checksum });
    found.set(key, source);
  }
  return [...found.values()];
}

function plain({ name, type, nullable }: Column): Column {
  return { name, type, nullable };
}
