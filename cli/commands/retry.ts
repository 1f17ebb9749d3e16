import type { Command } from 'commander';
import type { ChunkFilter } from '../../activities/contract.js';
import type { RetryRequest, Scope } from '../../workflows/messages.js';
import { categoryCommand, scopeOf, wholeNumber, withScope } from '../category-command.js';
import { CliError } from '../cli-error.js';
import { resolvedLines } from '../output/answer-lines.js';
import type { Common, Session } from '../session.js';
import { steer } from '../steer.js';

interface RetryOptions extends Common, Scope {
  readonly all?: true;
  readonly code?: string;
  readonly parts?: number;
}

/** `migrate retry` and `migrate skip`: what becomes of parked chunks. */
export function addRetryAndSkip(program: Command, session: Session): void {
  withScope(categoryCommand(program, 'retry', 'send parked chunks back to their start, or split a chunk'))
    .argument('[chunk]', '<target>/<server>/<database>/<window>, as status and chunks print it')
    .option('--all', 'every parked chunk')
    .option('--code <code>', 'only chunks that this code parked')
    .option('--parts <n>', 'split the chunk into so many; it may be running', wholeNumber)
    .action((category: string, chunk: string | undefined, options: RetryOptions) => {
      const request = retryOf(chunk, options);
      return steer(session, options, category, 'retry', request, resolvedLines('sent back'));
    });

  categoryCommand(program, 'skip', 'give a parked chunk up: its rows stay out of the target')
    .argument('<chunk>', '<target>/<server>/<database>/<window>')
    .requiredOption('--reason <text>', 'why; kept in the ledger and in the report')
    .action((category: string, chunk: string, options: Common & { readonly reason: string }) => {
      const request = { chunk, reason: options.reason };
      return steer(session, options, category, 'skip', request, resolvedLines('skipped'));
    });
}

/** One chunk, or all that match: never both, and never all by leaving something out. */
function retryOf(chunk: string | undefined, options: RetryOptions): RetryRequest {
  const { all, code, parts } = options;
  const where: ChunkFilter = { ...scopeOf(options), ...(code !== undefined && { code }) };
  const ways = [chunk !== undefined, all === true, Object.keys(where).length > 0];
  if (ways.filter(Boolean).length !== 1)
    throw new CliError(
      'usage',
      'name one chunk, or --all, or some of --server, --database, --target and --code; not two of these.',
    );
  if (parts !== undefined && chunk === undefined)
    throw new CliError('usage', '--parts splits one chunk: name it.');
  return { ...(chunk === undefined ? { where } : { chunk }), ...(parts !== undefined && { parts }) };
}
