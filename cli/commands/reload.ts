import type { Command } from 'commander';
import { categoryCommand } from '../category-command.js';
import { reloadedLines } from '../output/answer-lines.js';
import type { Common, Session } from '../session.js';
import { steer } from '../steer.js';

/** `migrate reload`: the run reads its configuration anew. */
export function addReload(program: Command, session: Session): void {
  categoryCommand(
    program,
    'reload',
    'read the configuration anew; refused where that would change what the run brings',
  ).action((category: string, options: Common) =>
    steer(session, options, category, 'reload', {}, reloadedLines),
  );
}
