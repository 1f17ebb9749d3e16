import type { SqlServerEngine, SqlSession } from '../sandbox/sqlserver/engine/types.js';

/**
 * What the tools ask a server besides the rows, each with the same question in words that the stand-in knows. Here
 * and not there, as only a benchmark has these tools read from it.
 */
const rewrites: readonly (readonly [asked: RegExp, meant: string])[] = [
  // db-lib asks for a table's columns so before a bulk copy.
  [/^\s*SET FMTONLY ON\s+([\s\S]+?)\s+SET FMTONLY OFF\s*$/i, 'SELECT TOP 0 * FROM ($1) AS shape'],
  [/^\s*SET FMTONLY (?:ON|OFF)\s*$/i, 'SET NOCOUNT OFF'],
  // sling reads the columns where the standard has them.
  [
    /^\s*select\b[\s\S]+\bfrom INFORMATION_SCHEMA\.COLUMNS\s+where table_schema = '(\w+)'\s+and table_name = '(\w+)'[\s\S]*$/i,
    `SELECT c.name AS column_name, t.name AS data_type, c.max_length AS maximum_length, c.precision AS precision, c.scale AS scale
       FROM sys.columns AS c JOIN sys.types AS t ON t.user_type_id = c.user_type_id
      WHERE c.object_id = OBJECT_ID('$1.$2') ORDER BY c.column_id`,
  ],
];

/** The engine, understanding the tools of the comparison too. */
export function withPeerStatements(engine: SqlServerEngine): SqlServerEngine {
  return {
    login: async (credentials) => understanding(await engine.login(credentials)),
    close: () => engine.close(),
  };
}

function understanding(session: SqlSession): SqlSession {
  return new Proxy(session, {
    get(of, property) {
      if (property === 'execute')
        return (sql: string, ...rest: [never, never]) => of.execute(rewritten(sql), ...rest);
      const value = Reflect.get(of, property, of);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}

function rewritten(sql: string): string {
  if (process.env.BENCH_TRACE) console.log(`STATEMENT ${sql}`);
  const known = rewrites.find(([asked]) => asked.test(sql));
  return known === undefined ? sql : sql.replace(...known);
}
