import { type Command, InvalidArgumentError } from 'commander';
import type { SetConcurrency } from '../../workflows/messages.js';
import { categoryCommand, wholeNumber } from '../category-command.js';
import { CliError } from '../cli-error.js';
import { answerLines } from '../output/answer-lines.js';
import type { Common, Session } from '../session.js';
import { steer } from '../steer.js';

interface ConcurrencyOptions extends Common {
  readonly total?: number | 'none';
  readonly perServer?: Readonly<Record<string, number>>;
}

/** `migrate concurrency`: absolute limits, at once upward, by drain downward. */
export function addConcurrency(program: Command, session: Session): void {
  categoryCommand(program, 'concurrency', 'set how much runs at a time')
    .option('--total <n|none>', 'chunks in flight on all servers together', total)
    .option(
      '--per-server <server=n...>',
      "sessions on source servers: server01=4, or '*=4' (or 4) for all; for every category that reads them",
      perServer,
    )
    .action((category: string, options: ConcurrencyOptions) =>
      steer(session, options, category, 'setConcurrency', requestOf(options), answerLines),
    );
}

function requestOf({ total, perServer }: ConcurrencyOptions): SetConcurrency {
  if (total === undefined && perServer === undefined)
    throw new CliError('usage', 'nothing to set: give --total <n|none>, --per-server <server=n>, or both.');
  return {
    ...(total !== undefined && { total: total === 'none' ? null : total }),
    ...(perServer !== undefined && { perServer }),
  };
}

function total(text: string): number | 'none' {
  return text === 'none' ? text : wholeNumber(text);
}

/** One `server=n` of a list; whether there is such a server, and room for so many, the run says. */
function perServer(text: string, before: Readonly<Record<string, number>> = {}): Record<string, number> {
  const { server = '*', limit } = /^(?:(?<server>[^=]+)=)?(?<limit>\d+)$/.exec(text)?.groups ?? {};
  if (limit === undefined)
    throw new InvalidArgumentError("It must be server=number, such as server01=4 or '*=4'.");
  if (Object.hasOwn(before, server)) throw new InvalidArgumentError(`${server} is given twice.`);
  return { ...before, [server]: wholeNumber(limit) };
}
