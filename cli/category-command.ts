import { type Command, InvalidArgumentError } from 'commander';
import type { Scope } from '../workflows/messages.js';

/** A command about one category, with the options that every command has. */
export function categoryCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<category>', 'name of the category', category)
    .option('--json', 'one JSON document (lists: one a line) instead of text')
    .option('--explain', 'only print the command that does the same without this one');
}

/** `--server`, `--database` and `--target`: every one that is given must match. */
export function withScope(command: Command): Command {
  return command
    .option('--server <alias>', 'only what comes from this source server')
    .option('--database <name>', 'only what comes from databases of this name')
    .option('--target <table>', 'only what goes to this target');
}

export function scopeOf({ server, database, target }: Scope): Scope {
  return {
    ...(target !== undefined && { target }),
    ...(server !== undefined && { server }),
    ...(database !== undefined && { database }),
  };
}

/** Of an option's value. Throws what commander tells with the option's name. */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

/** A slash would name another workflow than a category's. */
function category(text: string): string {
  if (/^[^\s/\p{Cc}]+$/u.test(text)) return text;
  throw new InvalidArgumentError('It must be the name of a category, such as cell_perf_stats.');
}
