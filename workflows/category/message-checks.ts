import type { RunSummary } from '../../activities/contract.js';
import { type ControlName, type Scope, stopModes } from '../messages.js';
import { maxParts, maxPerServer, maxTotal } from '../options.js';

/** Why a message cannot be obeyed, or undefined where it can. */
type Refusal = string | undefined;
type Fields = Readonly<Record<string, unknown>>;
/** What the run knows of itself; absent while it is opening. */
export type Known = Pick<RunSummary, 'servers' | 'databases' | 'targets'>;

/**
 * Checks the shape and the names of a control message: messages come from command lines and forms, so every field is
 * looked at, and one that is not known is refused rather than passed over.
 */
export function refusalOf(name: ControlName, payload: unknown, known?: Known): Refusal {
  return checks[name](payload, known);
}

const checks: Readonly<Record<ControlName, (payload: unknown, known?: Known) => Refusal>> = {
  pause: (payload, known) =>
    withFields(payload ?? {}, ['mode', 'scope', 'by'], '{"mode":"drain"}', ({ mode, scope, by }) =>
      first(modeRefusal(mode), scopeRefusal(scope, known), wordRefusal('by', by)),
    ),
  resume: (payload, known) =>
    withFields(payload ?? {}, ['scope', 'by'], '{}', ({ scope, by }) =>
      first(scopeRefusal(scope, known), wordRefusal('by', by)),
    ),
  setConcurrency: (payload, known) =>
    withFields(payload, ['total', 'perServer'], '{"perServer":{"server01":4}}', ({ total, perServer }) =>
      first(
        total === undefined && perServer === undefined
          ? "either 'total' or 'perServer' is needed"
          : undefined,
        total === undefined || total === null ? undefined : limitRefusal('total', total, maxTotal),
        perServerRefusal(perServer, known),
      ),
    ),
  retry: (payload, known) =>
    withFields(payload, ['chunk', 'where', 'parts'], '{"chunk":"…"} or {"where":{}}', retryRefusal(known)),
  skip: (payload, known) =>
    withFields(payload, ['chunk', 'reason'], '{"chunk":"…","reason":"…"}', ({ chunk, reason }) =>
      first(
        chunkRefusal(chunk, known),
        typeof reason === 'string' && reason.trim() !== ''
          ? undefined
          : "'reason' must say why the chunk is given up",
      ),
    ),
  reload: (payload) => withFields(payload ?? {}, [], '{}', () => undefined),
  stop: (payload) => withFields(payload ?? {}, ['mode'], '{"mode":"drain"}', ({ mode }) => modeRefusal(mode)),
};

const retryRefusal =
  (known?: Known) =>
  ({ chunk, where, parts }: Fields): Refusal => {
    if ((chunk === undefined) === (where === undefined))
      return "either 'chunk' or 'where' is needed ({\"where\":{}} for all parked chunks)";
    if (parts !== undefined && chunk === undefined) return "'parts' splits one chunk: name it as 'chunk'";
    const parted = parts === undefined ? undefined : wholeRefusal('parts', parts, 2, maxParts);
    return chunk === undefined
      ? first(parted, whereRefusal(where, known))
      : first(parted, chunkRefusal(chunk, known));
  };

function withFields(
  payload: unknown,
  allowed: readonly string[],
  example: string,
  check: (fields: Fields) => Refusal,
): Refusal {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    return `a JSON object is needed, such as ${example}`;
  const unknown = Object.keys(payload).filter((key) => !allowed.includes(key));
  if (unknown.length > 0)
    return `unknown field '${unknown.join("', '")}'; allowed: ${allowed.join(', ') || 'none'}`;
  return check(payload as Fields);
}

function modeRefusal(mode: unknown): Refusal {
  return mode === undefined || stopModes.some((known) => known === mode)
    ? undefined
    : `'mode' must be ${stopModes.map((known) => `'${known}'`).join(' or ')}, not ${text(mode)}`;
}

function scopeRefusal(scope: unknown, known?: Known): Refusal {
  if (scope === undefined) return undefined;
  return withFields(scope, ['target', 'server', 'database'], '{"server":"server01"}', (fields) =>
    first(
      ...Object.entries(fields).map(([key, value]) => wordRefusal(key, value)),
      namesRefusal(fields as Scope, known),
    ),
  );
}

function whereRefusal(where: unknown, known?: Known): Refusal {
  return withFields(
    where,
    ['target', 'server', 'database', 'code'],
    '{"code":"SOURCE_TIMEOUT"}',
    ({ code, ...scope }) => first(wordRefusal('code', code), scopeRefusal(scope, known)),
  );
}

/** Each name alone, and then whether there is such a database. */
function namesRefusal(scope: Scope, known?: Known): Refusal {
  if (known === undefined) return undefined;
  for (const key of ['target', 'server', 'database'] as const) {
    const names = [...new Set(known.databases.map((database) => database[key]))];
    const name = scope[key];
    if (name !== undefined && !names.includes(name))
      return `there is no ${key} '${name}' in this run; it has: ${some(names)}`;
  }
  const matches = known.databases.some((database) =>
    (Object.keys(scope) as (keyof Scope)[]).every(
      (key) => scope[key] === undefined || scope[key] === database[key],
    ),
  );
  return matches ? undefined : 'no database of this run is all of that at once';
}

function perServerRefusal(perServer: unknown, known?: Known): Refusal {
  if (perServer === undefined) return undefined;
  if (typeof perServer !== 'object' || perServer === null || Array.isArray(perServer))
    return '\'perServer\' must be an object of limits by server, such as {"server01":4}, or {"*":4} for all';
  const names = known?.servers.map(({ server }) => server);
  return first(
    Object.keys(perServer).length === 0 ? "'perServer' names no server" : undefined,
    ...Object.entries(perServer).map(([server, limit]) =>
      first(
        server === '*' || names === undefined || names.includes(server)
          ? undefined
          : `there is no server '${server}' in this run; it has: ${some(names)}`,
        limitRefusal(`perServer.${server}`, limit, maxPerServer),
        guardedRefusal(server, limit, known),
      ),
    ),
  );
}

/** The guard's own session is one of the server's. */
function guardedRefusal(server: string, limit: unknown, known?: Known): Refusal {
  const guarded = known?.servers.find(
    (candidate) => (server === '*' || candidate.server === server) && candidate.guard,
  );
  return guarded !== undefined && Number(limit) < 2
    ? `${guarded.server} has a guard, whose own session counts: its limit must be at least 2`
    : undefined;
}

/** Of four names of at most 128 characters, with room to spare. */
const longestChunk = 1_000;

/** Names may hold slashes, the window's label never does. */
function chunkRefusal(chunk: unknown, known?: Known): Refusal {
  if (typeof chunk !== 'string' || chunk.length > longestChunk || chunk.split('/').length < 4)
    return `'chunk' must be <target>/<server>/<database>/<window>, not ${text(chunk)}`;
  const places = known?.databases.map(({ target, server, database }) => `${target}/${server}/${database}`);
  const place = chunk.slice(0, chunk.lastIndexOf('/'));
  return places === undefined || places.includes(place)
    ? undefined
    : `this run has no '${place}'; it has: ${some(places)}`;
}

function wordRefusal(field: string, value: unknown): Refusal {
  return value === undefined || (typeof value === 'string' && value !== '' && value.length <= 200)
    ? undefined
    : `'${field}' must be a name, not ${text(value)}`;
}

function limitRefusal(field: string, value: unknown, most: number): Refusal {
  return wholeRefusal(field, value, 1, most);
}

function wholeRefusal(field: string, value: unknown, least: number, most: number): Refusal {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    ? undefined
    : `'${field}' must be a whole number from ${least} to ${most}, not ${text(value)}`;
}

function first(...refusals: readonly Refusal[]): Refusal {
  return refusals.find((refusal) => refusal !== undefined);
}

/** A message may be anything and of any length. */
function text(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}

function some(names: readonly string[]): string {
  return names.length > 10
    ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more`
    : names.join(', ');
}
