/** `host` or `host:port`, an IPv6 address in brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** What a server is known by where its limit is kept, whatever its alias: `host:port`. */
export function endpointOf({ host, port }: HostPort): string {
  return `${host.toLowerCase()}:${port}`;
}

const form = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?::(\d{1,5}))?$/;

/**
 * The parts of `text`, or undefined where it is malformed: no host, a port outside 1..65535, anything after
 * it, or no port and no `defaultPort`. Brackets of an IPv6 address are dropped.
 */
export function parseHostPort(text: string, defaultPort?: number): HostPort | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const port = match[2] === undefined ? defaultPort : Number(match[2]);
  if (port === undefined || port < 1 || port > 65_535) return undefined;
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
}
