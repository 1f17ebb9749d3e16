/** How many pieces of work are under way that a process cannot end beside. */
let unendable = 0;
let listening = false;

/**
 * Has the process kill itself where it ends before the returned function is called, once. At its end Node joins threads, and
 * one that waits for an answer of JavaScript's, which comes no more, would have it wait for ever, deaf to signals too.
 */
export function killAtExitWhile(): () => void {
  if (!listening) listen();
  unendable += 1;
  return () => {
    unendable -= 1;
  };
}

function listen(): void {
  listening = true;
  process.on('exit', () => {
    if (unendable > 0) process.kill(process.pid, 'SIGKILL');
  });
  // Node would tell it only after that.
  process.on('uncaughtExceptionMonitor', (error) => {
    if (unendable > 0) process.stderr.write(`${error.stack ?? error.message}\n`);
  });
}
