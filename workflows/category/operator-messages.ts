import { HandlerUnfinishedPolicy } from '@temporalio/common';
import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import { causeOf } from '../cause-of.js';
import { type ControlName, controls } from '../messages.js';
import { type Known, refusalOf } from './message-checks.js';

/** Who obeys: migrateCategory. */
export interface ControlDesk {
  /** Names of the run; undefined while it is opening. */
  readonly known: Known | undefined;
  /** Why the message cannot be obeyed in the run's present state. */
  refusal(name: ControlName, payload: unknown): string | undefined;
  /** Obeys; the answer is the update's. Throws what is the message's own fault. */
  obey(name: ControlName, payload: unknown): Promise<unknown>;
  warn(message: string): void;
}

type SignalHandler = (payload: unknown) => Promise<void>;
type UpdateHandler = (payload: unknown) => Promise<unknown>;

/**
 * Every control as a signal, which is ignored with a warning when it cannot be obeyed, and as an update of the same
 * name, which answers or says why not. Neither can fail the run.
 */
export function listenToOperators(desk: ControlDesk): void {
  const unfinishedPolicy = HandlerUnfinishedPolicy.ABANDON;
  for (const name of Object.keys(controls) as ControlName[]) {
    const onSignal: SignalHandler = async (payload) => {
      try {
        await obey(desk, name, payload);
      } catch (error) {
        desk.warn(`${name}: ${causeOf(error).message}`);
      }
    };
    const onUpdate: UpdateHandler = async (payload) => {
      try {
        return await obey(desk, name, payload);
      } catch (error) {
        const { code, message } = causeOf(error);
        throw ApplicationFailure.create({ type: code, message, nonRetryable: true });
      }
    };
    const validator = (payload: unknown): void => refuse(desk, name, payload);
    setHandler(controls[name].signal as never, onSignal as never, { unfinishedPolicy });
    setHandler(controls[name].update as never, onUpdate as never, { validator, unfinishedPolicy } as never);
  }
}

async function obey(desk: ControlDesk, name: ControlName, payload: unknown): Promise<unknown> {
  refuse(desk, name, payload);
  if (namesSomething(payload)) {
    // What a run has not read yet it cannot compare names with.
    await condition(() => desk.known !== undefined);
    refuse(desk, name, payload);
  }
  return desk.obey(name, payload);
}

function refuse(desk: ControlDesk, name: ControlName, payload: unknown): void {
  const reason = refusalOf(name, payload, desk.known) ?? desk.refusal(name, payload);
  if (reason !== undefined)
    throw ApplicationFailure.create({ type: 'CONTROL_REFUSED', message: reason, nonRetryable: true });
}

function namesSomething(payload: unknown): boolean {
  const fields = (payload ?? {}) as Readonly<Record<string, unknown>>;
  return ['scope', 'perServer', 'chunk', 'where'].some((field) => fields[field] !== undefined);
}
