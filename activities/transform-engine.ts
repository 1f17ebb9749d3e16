import { randomUUID } from 'node:crypto';
import type { RunConfig } from '../config/run-config.js';
import { createGlueEngine } from '../engine/glue/glue-engine.js';
import { transformJobName } from '../engine/glue/job-names.js';
import { createDuckDbEngine } from '../engine/transform/duckdb-engine.js';
import type { TransformEngine, WholeTransformEngine } from '../engine/transform/engine.js';
import type { Dependencies } from './dependencies.js';
import { glueJob, holdNothing, type JobUse } from './glue-job.js';
import type { Step } from './step.js';

interface Chosen {
  readonly engine: TransformEngine & WholeTransformEngine;
  /** That the parts are of. */
  readonly attempt: string;
}

/** The engine that the category chose. `use` tells a job of Glue from others of the step, and names it in the log. */
export async function transformEngine(
  deps: Dependencies,
  config: RunConfig,
  step: Step,
  scratchDirectory: string,
  use: Pick<JobUse, 'part' | 'work'>,
): Promise<Chosen> {
  const duckdb = await deps.duckdb(config, 'transforms');
  if (config.engine.transform === 'embedded')
    return { engine: createDuckDbEngine({ duckdb, scratchDirectory }), attempt: randomUUID() };
  const job = transformJobName(config.glue, config.category);
  const glue = glueJob(deps, config, step, { job, hold: holdNothing, ...use });
  return { engine: createGlueEngine(glue, duckdb), attempt: step.identity.key };
}
