import { readFileSync } from 'node:fs';
import type { Client } from 'pg';
import { daysOf } from '../seed/fill-options.js';
import { foundingStyles } from '../seed/founding-servers.js';
import { sandboxPaths, sourceUser } from '../services/paths.js';
import type { SandboxState } from '../services/sandbox.js';
import { ensureSecrets } from '../services/secrets.js';
import { type RunOutcome, readChecksums } from './control.js';
import { type CheckResult, checkTarget, type SourceAddress } from './independent-check.js';
import { prove, renderProof } from './proof.js';

export interface DemoContext {
  readonly state: SandboxState;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly target: Client;
  readonly keep: boolean;
}

export interface DemoRun {
  readonly runId: string;
  /** Why the workflow failed; undefined when it completed. */
  readonly failure: string | undefined;
  readonly seconds: number;
  /** Peak resident bytes of each worker process. */
  readonly peaks: readonly number[];
  readonly outcome: RunOutcome | undefined;
}

const targetTable = 'mart.cell_perf_stats';

/** Prints what the run left behind and whether it is right; returns whether everything agrees. */
export async function reportResult(context: DemoContext, run: DemoRun): Promise<boolean> {
  const proof = prove(await readChecksums(context.target, run.runId), places());
  if (proof.lines.length > 0)
    console.log(`\nRows and checksums at every hop of run ${run.runId}:\n${renderProof(proof)}`);
  if (run.failure) console.error(`\n✗ The workflow did not complete:\n  ${run.failure}`);
  const checked = run.failure ? false : await independentCheck(context);
  const holds = !run.failure && proof.holds && checked;
  console.log(summary(context, run, proof.holds, holds));
  return holds;
}

async function independentCheck(context: DemoContext): Promise<boolean> {
  console.log('\nJoining the sources again by another road, and comparing with the target …');
  const began = performance.now();
  const days = [...new Set([...daysOf('left', {}), ...daysOf('right', {})])].sort((a, b) => a - b);
  const dates = days.map((day) => new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10));
  const results = await checkTarget(sources(context), context.target, targetTable, dates);
  const wrong = results.filter(
    ({ expected, actual }) => expected.rows !== actual.rows || expected.sum !== actual.sum,
  );
  for (const result of wrong) console.error(`✗ ${difference(result)}`);
  const { rows } = (await context.target.query(`SELECT count(*)::float8 AS rows FROM ${targetTable}`))
    .rows[0];
  const expectedRows = results.reduce((sum, { expected }) => sum + expected.rows, 0);
  if (rows !== expectedRows) console.error(`✗ ${targetTable} has ${rows} rows, the join ${expectedRows}.`);
  const equal = wrong.length === 0 && rows === expectedRows;
  const time = ((performance.now() - began) / 1000).toFixed(1);
  if (equal)
    console.log(
      `✓ ${targetTable} is that join: ${rows.toLocaleString('en')} rows over ${dates.length} days (${time} s).`,
    );
  return equal;
}

function difference({ day, expected, actual }: CheckResult): string {
  return `${day}: the join has ${expected.rows} rows (sum ${expected.sum}), the target ${actual.rows} (sum ${actual.sum}).`;
}

function places(): readonly string[] {
  return Object.entries(foundingStyles(0)).flatMap(([server, styles]) =>
    styles.map(({ name }) => `${server}/${name}`),
  );
}

function sources({ state, directory, environment }: DemoContext): readonly SourceAddress[] {
  const password = ensureSecrets(sandboxPaths(directory).secrets).sourcePassword;
  const ca = readFileSync(environment.MSSQL_CA_FILE ?? '', 'utf8');
  return places().map((place) => {
    const [server = '', database = ''] = place.split('/');
    const port = Number((state.servers[server] ?? '').split(':')[1]);
    return { server, port, database, user: sourceUser, password, ca };
  });
}

function summary({ state, keep }: DemoContext, run: DemoRun, proven: boolean, holds: boolean): string {
  const megabytes = run.peaks.map((bytes) => `${Math.round(bytes / 1_048_576)} MB`).join(' + ');
  const look = keep
    ? `
Everything is still running. Look around:
  Web UI      ${state.webUi}/namespaces/default/workflows
  Target      ${state.psql}
  Buckets     ${Object.values(state.buckets).join('\n              ')}
Stop it with:  npm run sandbox -- --stop`
    : '\nTo look around (Web UI, psql, buckets), keep everything running: KEEP=1 make demo';
  return `
${proven ? '✓ Every hop holds what the hop before it held.' : '✗ The hops do not prove that everything arrived.'}
Report        ${run.outcome?.report ?? 'none was written'}
Migration     ${run.seconds.toFixed(1)} s, peak memory of the worker's processes ${megabytes || 'unknown'}
${look}

${holds ? '✓ The target equals its sources.' : '✗ NOT proven: see above.'}`;
}
