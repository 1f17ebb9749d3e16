import type { ErrorCode } from '../errors.js';

export interface ServerErrorRule {
  readonly code: ErrorCode;
  /** What to do next. */
  readonly advice: string;
  /** The server's own text names objects or the filter's text only, never a value, so it may be shown. */
  readonly showText?: true;
}

const login: ServerErrorRule = {
  code: 'SOURCE_LOGIN',
  advice: 'the login was refused: check user and password in SOURCE_SECRET, and that the login is enabled',
};
const database: ServerErrorRule = {
  code: 'SOURCE_DATABASE',
  advice:
    'the database cannot be opened: check its name in "databases" of the server mappings, that it is online, ' +
    'and that the login has a user in it (CREATE USER … FOR LOGIN …)',
};
const permission: ServerErrorRule = {
  code: 'SOURCE_PERMISSION',
  advice: 'grant what docs/source-permissions.md lists (SELECT on the tables, VIEW DEFINITION)',
  showText: true,
};
const statement: ServerErrorRule = {
  code: 'SOURCE_QUERY',
  advice: 'free text comes from the source_filter_<table> parameter, or from a guard: check it',
  showText: true,
};
/** Errors of compiling a statement, and of evaluating it where the text quotes nothing: they name what is in the filter. */
const compilation: readonly number[] = [
  102, 103, 105, 155, 156, 170, 174, 189, 195, 206, 257, 306, 319, 402, 403, 447, 468, 517, 529, 536, 537,
  1035, 4104, 4121, 4145, 8116, 8117, 8134, 8144, 9810,
];
const conversion: ServerErrorRule = {
  code: 'SOURCE_CONVERSION',
  advice:
    'a value cannot be converted: check that source_filter_<table> compares each column with a literal of its own type',
};
const snapshotLost: ServerErrorRule = {
  code: 'SOURCE_SNAPSHOT_LOST',
  advice: 'the snapshot was lost (version store short of space, or a DDL change meanwhile); it is taken anew',
};
const short: ServerErrorRule = {
  code: 'SOURCE_THROTTLED',
  advice: 'the server is short of memory, locks or space in tempdb for now; it is tried again',
};
const throttled: ServerErrorRule = {
  code: 'SOURCE_THROTTLED',
  advice:
    'the service limits what this database may use; it is tried again. If that does not help, lower ' +
    '"concurrency.perServer" in the category file or raise the service objective',
};
const replica: ServerErrorRule = {
  code: 'SOURCE_CONNECTION',
  advice:
    'the availability replica does not take this session for now (change of role, recovery, or read-only intent ' +
    'wanted); it is tried again',
};
const firewall: ServerErrorRule = {
  code: 'SOURCE_UNREACHABLE',
  advice:
    "the server's firewall refuses this worker's address: let it in (Azure: Networking of the logical server)",
};
const snapshotChoices =
  'choose in the category file "consistency": "rcsi" (one instant per statement) or "quiesced" (nobody writes while ' +
  'the migration runs)';
const lost: ServerErrorRule = {
  code: 'SOURCE_CONNECTION',
  advice: 'the server ended the session or is not ready; it is tried again',
};

/**
 * SQL Server's error numbers that have an answer; any other is SOURCE_QUERY, or SOURCE_CONNECTION from severity 17.
 * @see https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
 * @see https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues (40xxx)
 */
export const serverErrorRules: ReadonlyMap<number, ServerErrorRule> = new Map([
  ...rules(login, 18452, 18456, 18470, 18486, 18487, 18488),
  ...rules(database, 911, 916, 4060, 4064, 40532),
  ...rules(permission, 229, 230, 262, 297, 300, 371),
  ...rules(
    { code: 'SOURCE_OBJECT', advice: 'check schema, table and column names', showText: true },
    207,
    208,
  ),
  ...rules(
    {
      code: 'SOURCE_OBJECT',
      advice: 'the view, or one that it uses, names what is not there any more: correct it on the source',
    },
    2020,
  ),
  ...rules(statement, ...compilation),
  ...rules(conversion, 241, 242, 245, 8114, 8115),
  ...rules(
    { code: 'SOURCE_DEADLOCK', advice: 'the session was chosen as deadlock victim; it is tried again' },
    1205,
  ),
  ...rules({ code: 'SOURCE_TIMEOUT', advice: 'a lock was not granted in time; it is tried again' }, 1222),
  ...rules({ code: 'SOURCE_TIMEOUT', advice: 'the server did not answer in time; it is tried again' }, -2),
  ...rules(snapshotLost, 3958, 3961, 3966, 3967),
  ...rules(
    {
      code: 'SOURCE_SNAPSHOT',
      advice:
        'SNAPSHOT isolation is off. Either let a database administrator run ' +
        `ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON, or ${snapshotChoices}`,
    },
    3952,
  ),
  ...rules(
    {
      code: 'SOURCE_SNAPSHOT',
      advice: `a memory-optimized table cannot be read in a SNAPSHOT transaction: ${snapshotChoices}`,
    },
    41332,
  ),
  ...rules(
    {
      code: 'SOURCE_QUERY',
      advice:
        'the server does not know a collation in the statement (_UTF8 collations came with SQL Server 2019)',
    },
    448,
  ),
  ...rules(short, 701, 802, 1101, 1105, 1204, 8628, 8645, 8651),
  ...rules(throttled, 10928, 10929, 40501, 40549, 40550, 40551, 40552, 40553, 49918, 49919, 49920),
  ...rules(replica, 922, 976, 978, 983, 3948, 4221),
  ...rules(firewall, 40615, 40914),
  ...rules(lost, 596, 6005, 18401, 18461, 40143, 40197, 40540, 40613),
]);

function rules(rule: ServerErrorRule, ...numbers: readonly number[]): readonly [number, ServerErrorRule][] {
  return numbers.map((number) => [number, rule]);
}
