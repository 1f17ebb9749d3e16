import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { portVariable, type SandboxPorts } from './settings.js';

/**
 * Proves that every port of the sandbox can be bound.
 * @throws Error naming the first taken port, the variable that moves it, and how to stop an old sandbox.
 */
export async function assertPortsFree(ports: SandboxPorts): Promise<void> {
  for (const name of Object.keys(ports) as (keyof SandboxPorts)[]) {
    if (await isFree(ports[name])) continue;
    const variable = portVariable(name);
    throw new Error(
      `Port ${ports[name]} (${name}) is in use. Stop what listens there (an older sandbox: npm run sandbox -- --stop), ` +
        `or choose another port: ${variable}=${ports[name] + 1000}.`,
    );
  }
}

/** Whether a TCP port of this machine can be bound on the loopback interface. */
function isFree(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const server = createServer();
    server.once('error', () => settle(false));
    server.listen(port, '127.0.0.1', () => server.close(() => settle(true)));
  });
}

/** Below what systems give to outgoing connections, which could take the port between here and its use. */
const range = { first: 15_000, last: 31_999 } as const;
const given = new Set<number>();

/** A free TCP port that this process has not been given before, for tests that must not meet a running sandbox. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(range.first, range.last + 1);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}
