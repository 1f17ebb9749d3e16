import type { SqlType } from '../types.js';
import type { Server, SessionInfo } from './catalog.js';
import type { View } from './view.js';

const smallint: SqlType = { name: 'smallint' };
const int: SqlType = { name: 'int' };
const bit: SqlType = { name: 'bit' };

interface SessionContext {
  readonly server: Server;
  readonly text: SqlType;
}

const state = (session: SessionInfo): string => (session.command === undefined ? 'sleeping' : 'running');

/** sys.dm_exec_sessions and sys.dm_exec_requests: who is logged in and what runs now. */
export const sessionViews: Readonly<Record<string, (context: SessionContext) => View>> = {
  dm_exec_sessions: ({ server, text }) => ({
    columns: [
      ['session_id', smallint],
      ['host_name', text, 'null'],
      ['program_name', text, 'null'],
      ['login_name', text],
      ['status', text],
      ['is_user_process', bit],
      ['database_id', smallint],
      ['open_transaction_count', int],
    ],
    rows: [...server.sessions.values()].map((session) => ({
      session_id: session.id,
      host_name: session.hostName,
      program_name: session.applicationName,
      login_name: session.login,
      status: state(session),
      is_user_process: true,
      database_id: server.database(session.database)?.id ?? 1,
      open_transaction_count: session.transactionCount,
    })),
  }),
  dm_exec_requests: ({ server, text }) => ({
    columns: [
      ['session_id', smallint],
      ['status', text],
      ['command', text],
      ['database_id', smallint],
      ['open_transaction_count', int],
    ],
    rows: [...server.sessions.values()]
      .filter((session) => session.command !== undefined)
      .map((session) => ({
        session_id: session.id,
        status: state(session),
        command: session.command,
        database_id: server.database(session.database)?.id ?? 1,
        open_transaction_count: session.transactionCount,
      })),
  }),
};
