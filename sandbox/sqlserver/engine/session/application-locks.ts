import { unsupported } from '../errors.js';
import { type Parameter, type ProcedureCall, SqlServerError } from '../types.js';

const modes = ['shared', 'update', 'intentshared', 'intentexclusive', 'exclusive'];
const owners = ['session', 'transaction'];
/** Return values of sp_getapplock and sp_releaseapplock (docs: "Return code values"). */
const granted = 0;
const timedOut = -1;
const wrongCall = -999;
const longestName = 255;

/**
 * The application locks of a server. One is known by its database, its principal and its name together, and lasts
 * until its session has released it as often as it took it, or is logged out (docs: sp_getapplock, "Remarks").
 */
export class ApplicationLocks {
  readonly #held = new Map<string, { readonly session: number; count: number }>();

  /** sp_getapplock. Offered: exclusive locks of a session, asked for without waiting; throws 40515 for others. */
  take(session: number, database: string, call: ProcedureCall): number {
    const [resource, mode, owner = 'transaction', timeout, principal = 'public'] = argumentsOf(call, [
      '@resource',
      '@lockmode',
      '@lockowner',
      '@locktimeout',
      '@dbprincipal',
    ]);
    if (resource === undefined || !knows(modes, mode) || !knows(owners, owner)) return wrongCall;
    if (!same(mode, 'exclusive')) throw unsupported(`@LockMode = '${mode}'`);
    requireOffered(owner, principal);
    if (timeout !== '0') throw unsupported('sp_getapplock that waits (@LockTimeout must be 0)');
    const key = keyOf(database, resource);
    const holder = this.#held.get(key);
    if (holder !== undefined && holder.session !== session) return timedOut;
    this.#held.set(key, { session, count: (holder?.count ?? 0) + 1 });
    return granted;
  }

  /** sp_releaseapplock. Throws 1223 for a lock that the session does not hold. */
  release(session: number, database: string, call: ProcedureCall): number {
    const [resource, owner = 'transaction', principal = 'public'] = argumentsOf(call, [
      '@resource',
      '@lockowner',
      '@dbprincipal',
    ]);
    if (resource === undefined || !knows(owners, owner)) return wrongCall;
    requireOffered(owner, principal);
    const key = keyOf(database, resource);
    const holder = this.#held.get(key);
    if (holder?.session !== session) throw notHeld(principal, resource);
    holder.count -= 1;
    if (holder.count === 0) this.#held.delete(key);
    return granted;
  }

  /** What a log-out does. */
  releaseAll(session: number): void {
    for (const [key, holder] of this.#held) if (holder.session === session) this.#held.delete(key);
  }
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
const knows = (known: readonly string[], value: string | undefined): value is string =>
  value !== undefined && known.includes(value.toLowerCase());

function requireOffered(owner: string, principal: string): void {
  if (!same(owner, 'session')) throw unsupported(`@LockOwner = '${owner}'`);
  if (!same(principal, 'public')) throw unsupported(`@DbPrincipal = '${principal}'`);
}

/** Names are compared by their code units, whatever the collation, and cut without a word. */
const keyOf = (database: string, resource: string): string =>
  `${database.toLowerCase()}/${resource.slice(0, longestName)}`;

/** Arguments in the order of `names`: those with a name by it, the others by their place. */
function argumentsOf({ parameters }: ProcedureCall, names: readonly string[]): (string | undefined)[] {
  const given = parameters.find(({ name }) => name !== '' && !names.includes(name.toLowerCase()));
  if (given !== undefined)
    throw new SqlServerError(8145, `${given.name} is not a parameter for procedure.`, 16, 2);
  return names.map((name, place) => {
    const found: Parameter | undefined =
      parameters.find((parameter) => same(parameter.name, name)) ??
      (parameters[place]?.name === '' ? parameters[place] : undefined);
    return found === undefined || found.value === null ? undefined : String(found.value);
  });
}

const notHeld = (principal: string, resource: string): SqlServerError =>
  new SqlServerError(
    1223,
    `Cannot release the application lock (Database Principal: '${principal}', Resource: '${resource}') because it is not currently held.`,
  );
