import type { Exit } from './exit-codes.js';

/** A failure with its exit code; the message says what is wrong and what to do, in one line. */
export class CliError extends Error {
  constructor(
    readonly exit: Exit,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'CliError';
  }
}
