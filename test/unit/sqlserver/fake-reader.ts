import type { SqlParameter } from '../../../engine/sqlserver/parameters';
import type { SourceReader } from '../../../engine/sqlserver/session';

export interface FakeReader extends SourceReader {
  readonly asked: { readonly statement: string; readonly params: readonly SqlParameter[] }[];
}

/** A reader that answers by the first key that a statement contains; anything else has no rows. */
export function fakeReader(answers: Readonly<Record<string, readonly object[] | Error>>): FakeReader {
  const asked: { statement: string; params: readonly SqlParameter[] }[] = [];
  return {
    asked,
    place: { alias: 'server01', host: 'db.example', port: 1433, database: 'DatabaseA' },
    query: async <T>(statement: string, params: readonly SqlParameter[] = []) => {
      asked.push({ statement, params });
      const answer = Object.entries(answers).find(([key]) => statement.includes(key))?.[1] ?? [];
      if (answer instanceof Error) throw answer;
      return answer as readonly T[];
    },
    stream: () => Promise.reject(new Error('nothing streams here')),
  };
}
