import { type SqlServerEngine, SqlServerError, type SqlSession } from '../sqlserver/engine/types.js';

/** Azure SQL's number for a statement that the server does not support; the stand-in uses it for the same. */
const notSupported = 40515;

/**
 * The same engine, but statements that it does not understand are written to `log` with their text: the product
 * keeps the text of such errors to itself, and whoever extends the sandbox needs it.
 */
export function logRefusals(engine: SqlServerEngine, log: (line: string) => void): SqlServerEngine {
  return {
    login: async (credentials) => withLog(await engine.login(credentials), log),
    close: () => engine.close(),
  };
}

function withLog(session: SqlSession, log: (line: string) => void): SqlSession {
  const execute: SqlSession['execute'] = async function* (sql, parameters, signal) {
    try {
      yield* session.execute(sql, parameters, signal);
    } catch (error) {
      if (error instanceof SqlServerError && error.number === notSupported)
        log(`Refused: ${error.message}\n${sql}`);
      throw error;
    }
  };
  return new Proxy(session, {
    get: (inner, name) => {
      if (name === 'execute') return execute;
      const member: unknown = Reflect.get(inner, name, inner);
      return typeof member === 'function' ? member.bind(inner) : member;
    },
  });
}
