import type { Env } from './env.js';
import type { Expr } from './expr.js';

/** A built-in function over translated arguments; how many it takes is checked before. */
export interface BuiltIn {
  readonly min: number;
  readonly max: number;
  readonly build: (args: readonly Expr[], env: Env) => Expr;
}

/** A function with exactly one argument. */
export const unary = (build: (arg: Expr, env: Env) => Expr): BuiltIn => ({
  min: 1,
  max: 1,
  build: ([first], env) => build(first as Expr, env),
});

export const binary = (build: (a: Expr, b: Expr, env: Env) => Expr): BuiltIn => ({
  min: 2,
  max: 2,
  build: ([first, second], env) => build(first as Expr, second as Expr, env),
});

export const ternary = (build: (a: Expr, b: Expr, c: Expr, env: Env) => Expr): BuiltIn => ({
  min: 3,
  max: 3,
  build: ([first, second, third], env) => build(first as Expr, second as Expr, third as Expr, env),
});

export const nullary = (build: (env: Env) => Expr): BuiltIn => ({
  min: 0,
  max: 0,
  build: (_args, env) => build(env),
});
