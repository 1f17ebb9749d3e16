import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { serverErrors } from '../../../engine/glue/export-table';
import { serverErrorRules } from '../../../engine/sqlserver/server-errors';

/** What the scripts tell of an exception of the JDBC driver: stand-ins for the Java objects that Py4J hands out. */
const script = `
import json, sys
from chunk_job.errors import told

class Java:
    def __init__(self, **answers): self.answers = answers
    def __getattr__(self, name): return lambda: self.answers.get(name)

class Failed(Exception): pass

given = json.load(sys.stdin)
answers = []
for number, severity, text in given["cases"]:
    error = Failed()
    said = Java(getErrorSeverity=severity) if number else None
    error.java_exception = Java(
        getClass=Java(getName="com.microsoft.sqlserver.jdbc.SQLServerException"),
        getErrorCode=number, getMessage=text, getSQLServerError=said)
    answers.append(told(error, "SOURCE_QUERY", given["serverErrors"]).__dict__)
print(json.dumps(answers))
`;

type Case = readonly [number: number, severity: number, text: string];

function toldOf(cases: readonly Case[]): readonly { readonly code: string; readonly message: string }[] {
  const output = execFileSync('python3', ['-B', '-c', script], {
    cwd: join(__dirname, '../../../deploy/glue'),
    input: JSON.stringify({ cases, serverErrors }),
  });
  return JSON.parse(output.toString());
}

it('tells of each error number of SQL Server what the engine tells', () => {
  const numbers = [...serverErrorRules.keys()];
  const told = toldOf(numbers.map((number) => [number, 16, "converting 'Jane Doe'"]));
  expect(told.map(({ code }) => code)).toEqual([...serverErrorRules.values()].map(({ code }) => code));
  expect(JSON.stringify(told)).not.toContain('Jane');
});

it('goes by the severity of an error that the engine does not know', () => {
  const told = toldOf([
    [64999, 16, ''],
    [64999, 17, ''],
    [64999, 20, ''],
  ]);
  expect(told.map(({ code }) => code)).toEqual(['SOURCE_QUERY', 'SOURCE_CONNECTION', 'SOURCE_CONNECTION']);
});

it('blames a certificate only where one was refused, not for a handshake that broke off', () => {
  const secure =
    'The driver could not establish a secure connection to SQL Server by using SSL encryption. Error: ';
  const told = toldOf([
    [0, 0, `${secure}"PKIX path building failed"`],
    [0, 0, `${secure}"Failed to validate the server name in a certificate during SSL initialization."`],
    [0, 0, `${secure}"Connection reset"`],
    [0, 0, `${secure}"SQL Server did not return a response. The connection has been closed."`],
    [0, 0, 'The TCP/IP connection to the host has failed. Error: "Connection refused"'],
  ]);
  expect(told.map(({ code }) => code)).toEqual([
    ...['TLS_VERIFICATION', 'TLS_VERIFICATION'],
    ...['SOURCE_CONNECTION', 'SOURCE_CONNECTION', 'SOURCE_UNREACHABLE'],
  ]);
});
