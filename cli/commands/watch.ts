import type { Command } from 'commander';
import { categoryCommand, wholeNumber } from '../category-command.js';
import { statusCommand } from '../explain.js';
import { follow } from '../follow.js';
import type { Common, Session } from '../session.js';

/** `migrate watch`: the latest run, until it ends. */
export function addWatch(program: Command, session: Session): void {
  categoryCommand(program, 'watch', 'watch the run until it ends; Ctrl-C leaves it alone')
    .option('--every <seconds>', 'between two looks (2 on a terminal, else 10)', wholeNumber)
    .action((category: string, options: Common & { readonly every?: number }) =>
      session.perform(options, {
        explain: (temporal) => ['# Again and again:', statusCommand(temporal, category)],
        run: () => follow(session, options, category),
      }),
    );
}
