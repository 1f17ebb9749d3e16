import { DuckDBInstance } from '@duckdb/node-api';
import { defaultProcesses, shareOf } from '../../../workers/process-share.js';

describe('the activity processes of one machine', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 2],
    [8, 4],
    [64, 4],
  ])('are, on %d cores, %d', (cores, processes) => {
    expect(defaultProcesses(cores)).toBe(processes);
  });

  it('divide memory and threads among them', () => {
    expect(shareOf({ memoryLimit: '1GB', threads: 2 }, 1)).toEqual({ memoryLimit: '1GB', threads: 2 });
    expect(shareOf({ memoryLimit: '1GB', threads: 8 }, 4)).toEqual({ memoryLimit: '0.250GB', threads: 2 });
    expect(shareOf({ memoryLimit: '1.5 GiB', threads: 2 }, 3)).toEqual({
      memoryLimit: '0.500GiB',
      threads: 1,
    });
  });

  it.each(['1GB', '512MB', '1.5 GiB', '1TiB', '100000KB'])(
    'of %s in a way that DuckDB understands',
    async (memoryLimit) => {
      const limit = async (given: string): Promise<number> => {
        const instance = await DuckDBInstance.create(':memory:', { memory_limit: given });
        const connection = await instance.connect();
        const rows = await connection.runAndReadAll(
          `SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'`,
        );
        connection.closeSync();
        instance.closeSync();
        const [size, unit] = String(rows.getRows()[0]?.[0]).split(' ');
        return Number(size) * 1024 ** ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'].indexOf(unit ?? '');
      };
      const whole = await limit(memoryLimit);
      const third = await limit(shareOf({ memoryLimit, threads: 2 }, 3).memoryLimit);
      // DuckDB shows one decimal.
      expect(Math.abs(third * 3 - whole) / whole).toBeLessThan(0.02);
    },
  );
});
