import { recordTarget } from '../engine/postgres/control/target-results.js';
import { finalizeTarget as finalize } from '../engine/postgres/finalize.js';
import type { RunRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { type RunContexts, targetOf } from './run-context.js';
import { runStep } from './step.js';

/** Stage -> target: builds the table beside the live one, verifies it, swaps names; the work is in SQL. */
export function finalizeTarget(deps: Dependencies, contexts: RunContexts) {
  return ({ runId, target }: RunRef & { readonly target: string }): Promise<StepResult> =>
    runStep(async (step) => {
      const { config } = await contexts.of(runId);
      step.stallAfter(config.stallSeconds);
      const started = performance.now();
      const { rows, sum, oldTable, reused } = await finalize({
        target: deps.target,
        table: targetOf(config, target),
        targetSchema: config.finalize.targetSchema,
        dependents: config.finalize.dependents,
        signal: step.signal,
        onProgress: () => step.advance(1),
      });
      const seconds = (performance.now() - started) / 1000;
      const { targetSchema } = config.finalize;
      await recordTarget(deps.target, { runId, target, targetSchema, rows, sum, seconds, reused, oldTable });
      return { rows, bytes: 0, seconds, reused };
    });
}
