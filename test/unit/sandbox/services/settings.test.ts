import { resolve } from 'node:path';
import { readSettings, settingsEnvironment } from '../../../../sandbox/services/settings.js';

describe('readSettings', () => {
  it('takes the documented defaults from an empty environment', () => {
    expect(readSettings({})).toEqual({
      directory: resolve('.sandbox'),
      ports: { temporal: 7233, temporalUi: 8233, postgres: 54329, server01: 14331, server02: 14332 },
      rows: 40_000,
      storage: 'file',
    });
  });

  it('takes ports, rows and directory from their variables', () => {
    const settings = readSettings({
      SANDBOX_POSTGRES_PORT: '6000',
      ROWS: '0',
      SANDBOX_DIRECTORY: '/data/box',
    });
    expect(settings.ports.postgres).toBe(6000);
    expect(settings.rows).toBe(0);
    expect(settings.directory).toBe('/data/box');
  });

  it('treats an empty variable as absent', () => {
    expect(readSettings({ ROWS: '', SANDBOX_DIRECTORY: '' })).toEqual(readSettings({}));
  });

  it('reads what settingsEnvironment wrote for another process', () => {
    const ports = { temporal: 1, temporalUi: 2, postgres: 3, server01: 4, server02: 5 };
    const settings = { directory: '/data/box', ports, rows: 6, storage: 's3' } as const;
    expect(readSettings(settingsEnvironment(settings))).toEqual(settings);
  });

  it.each([
    ['SANDBOX_TEMPORAL_PORT', '70000'],
    ['SANDBOX_SERVER01_PORT', '0'],
    ['ROWS', '1e6'],
    ['ROWS', '-1'],
    ['STORAGE', 'S3'],
  ])('refuses %s=%s, naming the variable and its value', (variable, value) => {
    expect(() => readSettings({ [variable]: value })).toThrow(`${variable} is '${value}'`);
  });
});
