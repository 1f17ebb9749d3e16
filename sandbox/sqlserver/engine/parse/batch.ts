import { syntaxError, unsupported } from '../errors.js';
import { type IsolationLevel, isolationLevels } from '../types.js';
import { type Token, tokensOf } from './tokens.js';

/** A statement of a batch. What the library's grammar covers stays text; session statements are read here. */
export type Statement =
  | { readonly kind: 'sql'; readonly sql: string; readonly line: number }
  | { readonly kind: 'set'; readonly options: readonly string[]; readonly value: string }
  | { readonly kind: 'isolation'; readonly level: IsolationLevel }
  | { readonly kind: 'use'; readonly database: string }
  | { readonly kind: 'transaction'; readonly verb: 'BEGIN' | 'COMMIT' | 'ROLLBACK' }
  | {
      readonly kind: 'if';
      readonly condition: string;
      readonly line: number;
      readonly whenTrue: readonly Statement[];
      readonly whenFalse: readonly Statement[];
    }
  | {
      readonly kind: 'alterDatabase';
      readonly database: string;
      readonly option: 'ALLOW_SNAPSHOT_ISOLATION' | 'READ_COMMITTED_SNAPSHOT';
      readonly on: boolean;
    };

const harmlessOption =
  /^OPTION\s*\((?:\s*(?:MAXDOP\s+\d+|RECOMPILE|KEEP\s+PLAN|KEEPFIXED\s+PLAN|FORCE\s+ORDER)\s*,?)+\)$/i;

const starters = new Set(
  'SELECT INSERT UPDATE DELETE TRUNCATE CREATE DROP ALTER SET USE BEGIN COMMIT ROLLBACK IF WITH EXEC EXECUTE DECLARE PRINT MERGE SAVE WHILE RETURN THROW RAISERROR GRANT DENY WAITFOR'.split(
    ' ',
  ),
);
const parsedByLibrary = new Set('SELECT INSERT UPDATE DELETE TRUNCATE CREATE DROP WITH'.split(' '));
// A starter that belongs to the statement already begun, the first time it comes.
const ownKeywords: Readonly<Record<string, readonly string[]>> = {
  WITH: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  INSERT: ['SELECT', 'WITH'],
  UPDATE: ['SET'],
  ALTER: ['SET'],
  DROP: ['IF'],
};

const cache = new Map<string, readonly Statement[]>();
const cacheLimit = 200;

/** Splits a batch into statements. T-SQL needs no semicolons, so this goes by the keywords that begin one. */
export function statementsOf(sql: string): readonly Statement[] {
  const cached = cache.get(sql);
  if (cached) return cached;
  const reader = new BatchReader(sql, tokensOf(sql));
  const statements: Statement[] = [];
  while (!reader.done) statements.push(...reader.statement());
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(sql, statements);
  return statements;
}

class BatchReader {
  #position = 0;

  constructor(
    private readonly sql: string,
    private readonly tokens: readonly Token[],
  ) {}

  get done(): boolean {
    return this.#position >= this.tokens.length;
  }

  /** One statement, or several for a BEGIN … END block; none for a lone semicolon. */
  statement(): readonly Statement[] {
    const token = this.#next();
    if (token.word === ';') return [];
    if (parsedByLibrary.has(token.word)) return [this.#librarySql(token)];
    switch (token.word) {
      case 'SET':
        return [this.#set()];
      case 'USE':
        return [{ kind: 'use', database: this.#next().text }];
      case 'BEGIN':
        return this.#begin();
      case 'COMMIT':
      case 'ROLLBACK':
        this.#skipTransactionName();
        return [{ kind: 'transaction', verb: token.word }];
      case 'IF':
        return [this.#conditional(token)];
      case 'ALTER':
        return [this.#alterDatabase(token)];
    }
    throw starters.has(token.word) ? unsupported(token.word) : syntaxError(token.text, token.line);
  }

  #peek(ahead = 0): Token | undefined {
    return this.tokens[this.#position + ahead];
  }

  #next(): Token {
    const token = this.tokens[this.#position++];
    if (!token) throw syntaxError(this.tokens[this.tokens.length - 1]?.text ?? '', 1);
    return token;
  }

  #librarySql(first: Token): Statement {
    const begin = this.#position;
    const end = this.#skipToEnd(first.word);
    const text = this.sql.slice(first.start, this.#withoutOption(begin, end));
    // INTO is optional in T-SQL but not in the library's grammar.
    const missingInto = first.word === 'INSERT' && !/^insert\s+into\b/i.test(text);
    return {
      kind: 'sql',
      sql: missingInto ? text.replace(/^insert/i, 'INSERT INTO') : text,
      line: first.line,
    };
  }

  // OPTION (…) ends a statement of any kind; the library's grammar knows it only after some clauses.
  #withoutOption(begin: number, end: number): number {
    for (let index = begin; index < this.#position; index++) {
      const token = this.tokens[index];
      if (token?.word !== 'OPTION' || this.tokens[index + 1]?.word !== '(') continue;
      const option = this.sql.slice(token.start, end);
      if (!harmlessOption.test(option)) throw unsupported(option);
      return token.start;
    }
    return end;
  }

  /** Moves to the end of a statement that began with `starter`; the offset where its text ends. */
  #skipToEnd(starter: string): number {
    const own = new Set(ownKeywords[starter] ?? []);
    let depth = 0;
    let cases = 0;
    let end = this.tokens[this.#position - 1]?.end ?? 0;
    for (let token = this.#peek(); token; token = this.#peek()) {
      if (token.word === '(') depth++;
      else if (token.word === ')') depth--;
      else if (token.word === 'CASE') cases++;
      else if (token.word === 'END' && cases > 0) cases--;
      else if (depth === 0 && cases === 0 && this.#ends(token, own)) break;
      end = token.end;
      this.#position++;
    }
    return end;
  }

  #ends(token: Token, own: Set<string>): boolean {
    if (token.word === ';' || token.word === 'ELSE' || token.word === 'END') return true;
    if (!starters.has(token.word)) return false;
    if (token.word === 'WITH' && this.#peek(1)?.word === '(') return false;
    const previous = this.#peek(-1)?.word ?? '';
    if (token.word === 'SELECT' && ['UNION', 'ALL', 'EXCEPT', 'INTERSECT'].includes(previous)) return false;
    if (!own.has(token.word)) return true;
    if (token.word !== 'WITH') own.clear();
    if (token.word === 'INSERT') own.add('SELECT');
    if (token.word === 'UPDATE') own.add('SET');
    return false;
  }

  #set(): Statement {
    if (this.#peek()?.word.startsWith('@')) throw unsupported('variables (SET @…)');
    const words: Token[] = [];
    for (let token = this.#peek(); token; token = this.#peek()) {
      if (token.word === ';' || token.word === 'END' || token.word === 'ELSE' || starters.has(token.word))
        break;
      words.push(this.#next());
    }
    const text = words.map((word) => word.text).join(' ');
    const level = /^transaction isolation level (.+)$/i.exec(text)?.[1]?.toUpperCase();
    if (level !== undefined) {
      const known = isolationLevels.find((candidate) => candidate === level);
      if (!known) throw syntaxError(level, words[0]?.line ?? 1);
      return { kind: 'isolation', level: known };
    }
    const value = words.pop();
    if (!value || words.length === 0) throw syntaxError(value?.text ?? 'SET', value?.line ?? 1);
    if (words[words.length - 1]?.word === '-') words.pop();
    const options = words.filter((word) => word.word !== ',').map((word) => word.word);
    return { kind: 'set', options, value: value.text };
  }

  #begin(): readonly Statement[] {
    if (this.#isTransactionWord()) {
      this.#skipTransactionName();
      return [{ kind: 'transaction', verb: 'BEGIN' }];
    }
    if (this.#peek()?.word === 'TRY') throw unsupported('BEGIN TRY');
    const block: Statement[] = [];
    while (this.#peek() && this.#peek()?.word !== 'END') block.push(...this.statement());
    this.#next();
    return block;
  }

  #isTransactionWord(): boolean {
    return /^(TRAN|TRANSACTION|WORK)$/.test(this.#peek()?.word ?? '');
  }

  #skipTransactionName(): void {
    if (this.#isTransactionWord()) this.#next();
    const name = this.#peek();
    if (
      name &&
      /^[A-Z_]\w*$/.test(name.word) &&
      !starters.has(name.word) &&
      !/^(END|ELSE)$/.test(name.word)
    ) {
      this.#next();
    }
  }

  #conditional(first: Token): Statement {
    const start = this.#peek()?.start ?? first.end;
    const end = this.#skipToEnd('IF');
    const whenTrue = this.#branch();
    const hasElse = this.#peek()?.word === 'ELSE';
    if (hasElse) this.#next();
    const whenFalse = hasElse ? this.#branch() : [];
    return { kind: 'if', condition: this.sql.slice(start, end), line: first.line, whenTrue, whenFalse };
  }

  #branch(): readonly Statement[] {
    const branch = this.statement();
    if (this.#peek()?.word === ';' && this.#peek(1)?.word === 'ELSE') this.#next();
    return branch;
  }

  #alterDatabase(first: Token): Statement {
    const end = this.#skipToEnd('ALTER');
    const text = this.sql.slice(first.start, end);
    const match =
      /^alter\s+database\s+(?:\[((?:[^\]]|\]\])+)\]|(\w+))\s+set\s+(allow_snapshot_isolation|read_committed_snapshot)\s+(on|off)(?:\s+with\s+rollback\s+immediate)?$/i.exec(
        text,
      );
    if (!match) throw unsupported('this ALTER');
    return {
      kind: 'alterDatabase',
      database: match[1]?.replaceAll(']]', ']') ?? match[2] ?? '',
      option:
        match[3]?.toUpperCase() === 'ALLOW_SNAPSHOT_ISOLATION'
          ? 'ALLOW_SNAPSHOT_ISOLATION'
          : 'READ_COMMITTED_SNAPSHOT',
      on: match[4]?.toUpperCase() === 'ON',
    };
  }
}
