import type { Command } from 'commander';
import type { Scope, StopMode } from '../../workflows/messages.js';
import { categoryCommand, scopeOf, withScope } from '../category-command.js';
import { answerLines } from '../output/answer-lines.js';
import type { Common, Session } from '../session.js';
import { steer } from '../steer.js';

interface Now extends Common {
  readonly now?: true;
}

/** `migrate pause`, `migrate resume` and `migrate stop`. */
export function addPauseResumeAndStop(program: Command, session: Session): void {
  withScope(categoryCommand(program, 'pause', 'start no new chunk or step until resume'))
    .option('--now', 'cancel running steps, to be done again, instead of letting them finish')
    .action((category: string, options: Now & Scope) => {
      const request = { mode: modeOf(options), ...given(options) };
      return steer(session, options, category, 'pause', request, answerLines);
    });

  withScope(categoryCommand(program, 'resume', 'go on where a pause held the run'))
    .option('--keep-hours', 'lift what operators paused, but not what the allowed hours did')
    .action((category: string, options: Common & Scope & { readonly keepHours?: true }) => {
      const request = { ...given(options), ...(options.keepHours && { by: 'operator' }) };
      return steer(session, options, category, 'resume', request, answerLines);
    });

  categoryCommand(program, 'stop', 'end the run with its report; a later start goes on from there')
    .option('--now', 'cancel running steps instead of letting them finish')
    .action((category: string, options: Now) => {
      const request = { mode: modeOf(options) };
      return steer(session, options, category, 'stop', request, answerLines);
    });
}

function modeOf({ now }: Now): StopMode {
  return now ? 'now' : 'drain';
}

/** No part given is everything, which a message says by leaving the scope out. */
function given(options: Scope): { readonly scope?: Scope } {
  const scope = scopeOf(options);
  return Object.keys(scope).length === 0 ? {} : { scope };
}
