import { condition, getExternalWorkflowHandle, log, proxyActivities } from '@temporalio/workflow';
import type { Activities, DatabaseId, ParkedSummary, ResolveParkedInput } from '../../activities/contract.js';
import { causeOf } from '../cause-of.js';
import {
  type CategoryStatus,
  type ControlName,
  type PauseRequest,
  type Reloaded,
  type Resolved,
  type ResumeRequest,
  type RetryRequest,
  type SetConcurrency,
  type SkipRequest,
  type StopRequest,
  workflowIds,
} from '../messages.js';
import { gateAnswerMs, maxPauses, resolveOptions, splitOptions } from '../options.js';
import { type Controls, scopeText } from './controls.js';
import type { Databases } from './databases.js';
import type { Gates } from './gates.js';
import type { Known } from './message-checks.js';
import type { ControlDesk } from './operator-messages.js';
import type { CategoryState } from './state.js';

const patient = proxyActivities<Activities>({ ...resolveOptions, summary: 'resolve parked chunks' });
const atOnce = proxyActivities<Activities>({ ...splitOptions, summary: 'split a chunk' });

/** Obeys operators. What the run has of gates and databases appears as it goes on. */
export class Desk implements ControlDesk {
  known: Known | undefined;
  gates: Gates | undefined;
  databases: Databases | undefined;

  constructor(
    private readonly category: string,
    private readonly runId: string,
    private readonly controls: Controls,
    private readonly state: CategoryState,
    private readonly measure: () => Promise<void>,
    private readonly reload: () => Promise<Reloaded>,
  ) {}

  warn(message: string): void {
    this.state.warn(message);
  }

  refusal(name: ControlName, payload: unknown): string | undefined {
    const { phase } = this.state;
    if (phase === 'REPORTING' || phase === 'ENDED') return 'the run is at its end; start the category again';
    if (name === 'reload' && phase === 'OPENING')
      return 'the run is being opened, and reads its configuration now';
    if (name !== 'stop' && this.controls.state.stopping !== undefined)
      return 'the run is stopping; start the category again to go on';
    if (name === 'retry' || name === 'skip') return resolvable(phase);
    if (name === 'pause' && this.controls.state.pauses.length >= maxPauses)
      return `${maxPauses} pauses are there already; resume some`;
    if (name !== 'resume') return undefined;
    const { scope = {} } = (payload ?? {}) as ResumeRequest;
    const wider = this.controls.pausedBeyond(scope);
    return wider && `${scopeText(scope)} is paused as part of '${scopeText(wider.scope)}': resume that`;
  }

  async obey(name: ControlName, payload: unknown): Promise<CategoryStatus | Resolved | Reloaded> {
    switch (name) {
      case 'pause':
        this.controls.pause((payload ?? {}) as PauseRequest);
        break;
      case 'resume':
        this.controls.resume((payload ?? {}) as ResumeRequest);
        break;
      case 'setConcurrency':
        await this.#setConcurrency(payload as SetConcurrency);
        break;
      case 'reload':
        return this.reload();
      case 'stop':
        this.controls.stop((payload ?? {}) as StopRequest);
        break;
      default:
        return this.#resolve(name, payload as RetryRequest & SkipRequest);
    }
    this.databases?.nudge();
    this.state.show();
    return this.state.status();
  }

  async #setConcurrency({ total, perServer }: SetConcurrency): Promise<void> {
    if (total !== undefined) this.controls.setTotal(total);
    if (perServer === undefined) return;
    await this.gates?.setLimits(perServer);
    // So that the answer shows what holds now; a gate that is busy tells it later.
    await condition(() => this.#limitsAre(perServer), gateAnswerMs);
  }

  #limitsAre(perServer: Readonly<Record<string, number>>): boolean {
    return [...this.state.limits.values()].every(
      ({ server, limit }) => (perServer[server] ?? perServer['*'] ?? limit) === limit,
    );
  }

  async #resolve(action: 'retry' | 'skip', request: RetryRequest & SkipRequest): Promise<Resolved> {
    const input = { runId: this.runId, action, ...request };
    const { resolved, parked, databases } =
      request.parts === undefined ? await patient.resolveParked(input) : await this.#split(input);
    // What runs of a chunk that was split is fenced and would go to waste.
    if (request.parts !== undefined) await this.#cancelChunk(request.chunk);
    for (const database of databases)
      if (concerns(request, database)) await this.databases?.revisit(database);
    await this.measure();
    return { resolved, parked };
  }

  /** An attempt at work is ended first only where it is in the way: a split that is refused leaves it alone. */
  async #split(input: ResolveParkedInput & { readonly chunk: string }): Promise<ParkedSummary> {
    try {
      return await atOnce.resolveParked(input);
    } catch (error) {
      if (causeOf(error).code !== 'TARGET_BUSY') throw error;
    }
    await this.#cancelChunk(input.chunk);
    return patient.resolveParked(input);
  }

  async #cancelChunk(chunk: string): Promise<void> {
    const workflowId = `${workflowIds.category(this.category)}/${chunk}`;
    await getExternalWorkflowHandle(workflowId)
      .cancel()
      .catch(() => log.debug('the chunk does not run', { workflowId }));
  }
}

function concerns({ chunk, where = {} }: RetryRequest, { target, server, database }: DatabaseId): boolean {
  if (chunk !== undefined) return chunk.startsWith(`${target}/${server}/${database}/`);
  return (
    (where.target ?? target) === target &&
    (where.server ?? server) === server &&
    (where.database ?? database) === database
  );
}

function resolvable(phase: string): string | undefined {
  if (phase === 'COPYING' || phase === 'NEEDS_ATTENTION') return undefined;
  return phase === 'FINALIZING'
    ? 'the target is being built; no chunk is parked'
    : `no chunk is parked yet: the run is in phase ${phase}`;
}
