import { type Parameter, type ProcedureCall, SqlServerError } from '../engine/types.js';
import type { RpcCall, RpcParameter } from './requests.js';

/** A statement with its arguments by name, ready for the engine. */
interface BoundStatement {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

interface PreparedStatement {
  readonly sql: string;
  readonly names: readonly string[];
}

/** What a procedure call asks for: a statement to run, a handle to give back, a procedure of the engine, or nothing. */
export interface ProcedurePlan {
  readonly call?: ProcedureCall;
  readonly statement?: BoundStatement;
  readonly handle?: { readonly name: string; readonly value: number };
}

/**
 * The system procedures by which clients run statements with parameters: sp_executesql, sp_prepare, sp_execute,
 * sp_prepexec, sp_unprepare. Holds one session's prepared statements.
 */
export class Procedures {
  readonly #prepared = new Map<number, PreparedStatement>();
  #lastHandle = 0;

  /** Leaves any other procedure to the engine; throws the errors of SQL Server for arguments that do not fit. */
  plan(call: RpcCall): ProcedurePlan {
    const { procedure, parameters } = call;
    switch (procedure) {
      case 'sp_executesql': {
        const [statement, definitions, ...values] = parameters;
        return { statement: bind(prepare(definitions, statement), values) };
      }
      case 'sp_prepare': {
        const [handle, definitions, statement] = parameters;
        return { handle: this.#keep(handle, prepare(definitions, statement)) };
      }
      case 'sp_prepexec': {
        const [handle, definitions, statement, ...values] = parameters;
        const prepared = prepare(definitions, statement);
        const bound = bind(prepared, values);
        return { statement: bound, handle: this.#keep(handle, prepared) };
      }
      case 'sp_execute': {
        const [handle, ...values] = parameters;
        return { statement: bind(this.#find(handle), values) };
      }
      case 'sp_unprepare':
        this.#find(parameters[0]);
        this.#prepared.delete(parameters[0]?.value as number);
        return {};
      default:
        return { call };
    }
  }

  #keep(handle: RpcParameter | undefined, prepared: PreparedStatement): { name: string; value: number } {
    // A client that prepares over an old handle means to replace it.
    this.#prepared.delete(handle?.value as number);
    this.#lastHandle += 1;
    this.#prepared.set(this.#lastHandle, prepared);
    return { name: handle?.name ?? '', value: this.#lastHandle };
  }

  #find(handle: RpcParameter | undefined): PreparedStatement {
    const prepared = this.#prepared.get(handle?.value as number);
    if (prepared === undefined) {
      throw new SqlServerError(
        8179,
        `Could not find prepared statement with handle ${String(handle?.value)}.`,
      );
    }
    return prepared;
  }
}

function prepare(
  definitions: RpcParameter | undefined,
  statement: RpcParameter | undefined,
): PreparedStatement {
  if (typeof statement?.value !== 'string') {
    throw new SqlServerError(
      214,
      "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.",
      16,
      2,
    );
  }
  return {
    sql: statement.value,
    names: typeof definitions?.value === 'string' ? declaredNames(definitions.value) : [],
  };
}

/** Names in a list of declarations like `@a decimal(38,3), @b nvarchar(max)`; types follow the values sent. */
function declaredNames(definitions: string): string[] {
  return [...definitions.matchAll(/(?:^|,)\s*(@[\p{L}\p{N}_@#$]+)/gu)].map((match) => match[1] as string);
}

/** Values by name where they have one, else by place. */
function bind({ sql, names }: PreparedStatement, values: readonly RpcParameter[]): BoundStatement {
  if (values.length > names.length) {
    throw new SqlServerError(8144, 'Procedure or function has too many arguments specified.', 16, 2);
  }
  const parameters = names.map((name, index) => {
    const value =
      values.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase()) ??
      (values[index]?.name === '' ? values[index] : undefined);
    if (value === undefined) {
      throw new SqlServerError(
        8178,
        `The parameterized query expects the parameter '${name}', which was not supplied.`,
      );
    }
    if (value.output) {
      throw new SqlServerError(
        8162,
        `The formal parameter "${name}" was not declared as an OUTPUT parameter.`,
        16,
        2,
      );
    }
    return { name, type: value.type, value: value.value };
  });
  return { sql, parameters };
}
