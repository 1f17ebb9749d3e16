import { setHandler } from '@temporalio/workflow';
import type { CategoryState } from './category-state.js';
import { pauseSignal, resumeSignal, retrySignal, setConcurrencySignal, skipSignal } from './messages.js';
import { maxPerServer } from './options.js';

/** What operators asked for and nobody has acted on yet. Signals may come before the run is open. */
export class OperatorMessages {
  perServer: number | undefined;
  readonly resolutions: {
    readonly action: 'retry' | 'skip';
    readonly chunk?: string;
    readonly reason?: string;
  }[] = [];
  /** Grows with every message that changes an allowance. */
  version = 0;

  constructor(state: CategoryState) {
    const changed = (paused: boolean) => (): void => {
      state.paused = paused;
      this.version += 1;
    };
    setHandler(pauseSignal, changed(true));
    setHandler(resumeSignal, changed(false));
    setHandler(setConcurrencySignal, (request) => {
      const perServer: unknown = request?.perServer;
      if (!isLimit(perServer))
        return state.warn(
          `setConcurrency: perServer must be a whole number from 1 to ${maxPerServer}, not ${JSON.stringify(perServer)}.`,
        );
      this.perServer = perServer;
      this.version += 1;
    });
    setHandler(retrySignal, (request) => {
      this.resolutions.push({
        action: 'retry',
        ...(request?.chunk !== undefined && { chunk: request.chunk }),
      });
    });
    setHandler(skipSignal, (request) => {
      if (typeof request?.chunk !== 'string' || typeof request.reason !== 'string' || request.reason === '')
        return state.warn(
          'skip: both chunk and reason are needed, e.g. {"chunk":"t/server01/DatabaseA/20250101","reason":"…"}.',
        );
      this.resolutions.push({ action: 'skip', chunk: request.chunk, reason: request.reason });
    });
  }
}

function isLimit(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maxPerServer;
}
