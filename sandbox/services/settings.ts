import { resolve } from 'node:path';

/** Where the sandbox lives and listens. Every number can be changed by the environment variable beside it. */
export interface SandboxSettings {
  /** Directory of everything the sandbox keeps: data, certificates, passwords, logs, buckets. */
  readonly directory: string;
  readonly ports: SandboxPorts;
  /** Rows per source table and database. */
  readonly rows: number;
  /** `s3`: buckets on a local S3 server, the secret and the founding parameters on a stand-in for AWS. */
  readonly storage: Storage;
}

const storages = ['file', 's3'] as const;
export type Storage = (typeof storages)[number];

export interface SandboxPorts {
  readonly temporal: number;
  readonly temporalUi: number;
  readonly postgres: number;
  readonly server01: number;
  readonly server02: number;
}

const portVariables = {
  temporal: ['SANDBOX_TEMPORAL_PORT', 7233],
  temporalUi: ['SANDBOX_TEMPORAL_UI_PORT', 8233],
  postgres: ['SANDBOX_POSTGRES_PORT', 54329],
  server01: ['SANDBOX_SERVER01_PORT', 14331],
  server02: ['SANDBOX_SERVER02_PORT', 14332],
} as const satisfies Record<keyof SandboxPorts, readonly [string, number]>;

/** The environment variable that moves a port. */
export function portVariable(port: keyof SandboxPorts): string {
  return portVariables[port][0];
}

/**
 * Reads the settings from the environment.
 * @throws Error naming the variable, its value and what is allowed.
 */
export function readSettings(env: NodeJS.ProcessEnv): SandboxSettings {
  const port = (name: keyof SandboxPorts): number => {
    const [variable, fallback] = portVariables[name];
    return integer(env, variable, fallback, 1, 65_535);
  };
  const ports = {
    temporal: port('temporal'),
    temporalUi: port('temporalUi'),
    postgres: port('postgres'),
    server01: port('server01'),
    server02: port('server02'),
  };
  return {
    directory: resolve(env.SANDBOX_DIRECTORY || '.sandbox'),
    ports,
    rows: integer(env, 'ROWS', 40_000, 0, 50_000_000),
    storage: storageOf(env.STORAGE || 'file'),
  };
}

/** The variables with which another process reads these very settings. */
export function settingsEnvironment({
  directory,
  ports,
  rows,
  storage,
}: SandboxSettings): Readonly<Record<string, string>> {
  const names = Object.keys(portVariables) as (keyof SandboxPorts)[];
  const variables = names.map((name) => [portVariable(name), `${ports[name]}`]);
  return {
    SANDBOX_DIRECTORY: directory,
    ROWS: `${rows}`,
    STORAGE: storage,
    ...Object.fromEntries(variables),
  };
}

function storageOf(text: string): Storage {
  const storage = storages.find((known) => known === text);
  if (storage === undefined) throw new Error(`STORAGE is '${text}'; allowed: ${storages.join(', ')}.`);
  return storage;
}

function integer(
  env: NodeJS.ProcessEnv,
  variable: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const text = env[variable];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Error(`${variable} is '${text}': a whole number from ${min} to ${max} is needed.`);
  }
  return value;
}
