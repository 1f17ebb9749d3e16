import Login7Payload from 'tedious/lib/login7-payload';
import PreloginPayload from 'tedious/lib/prelogin-payload';
import { parseLogin7, revealPassword } from '../../../../sandbox/sqlserver/tds/login7';
import {
  encryption,
  preloginResponse,
  requestedProtection,
} from '../../../../sandbox/sqlserver/tds/prelogin';

const version = { major: 1, minor: 2, build: 3, subbuild: 4 };

describe('PRELOGIN', () => {
  it('asks for protection of everything, or of nothing, in the words of tedious', () => {
    expect(requestedProtection(new PreloginPayload({ encrypt: true, version }).data)).toBe('all');
    expect(requestedProtection(new PreloginPayload({ encrypt: false, version }).data)).toBe('none');
  });

  it('asks for protection of the login alone when encryption is possible but not wanted', () => {
    expect(requestedProtection(Buffer.from('010006000' + '1ff00', 'hex'))).toBe('login');
  });

  it.each([
    ['none', encryption.notSupported],
    ['login', encryption.off],
    ['all', encryption.on],
  ] as const)('is answered for %s with what tedious reads as %i', (protection, value) => {
    const answer = new PreloginPayload(preloginResponse(protection, [16, 0, 1000]));
    expect(answer.encryption).toBe(value);
    expect(answer.version).toEqual({ major: 16, minor: 0, build: 1000, subbuild: 0 });
  });

  it('with an option outside the message is refused', () => {
    expect(() => requestedProtection(Buffer.from('0100ff0001ff', 'hex'))).toThrow('outside its message');
  });
});

describe('LOGIN7', () => {
  function payload(): Login7Payload {
    const login = new Login7Payload({
      tdsVersion: 0x74000004,
      packetSize: 8_000,
      clientProgVer: 0,
      clientPid: 1,
      connectionId: 0,
      clientTimeZone: 0,
      clientLcid: 0x409,
    });
    Object.assign(login, {
      hostname: 'host',
      userName: 'migrator',
      password: 'Pröbe-1€',
      appName: 'migrate/cell_perf_stats',
      database: 'DatabaseA',
    });
    return login;
  }

  it('gives every field that tedious wrote, the password in clear', () => {
    expect(parseLogin7(payload().toBuffer())).toEqual({
      tdsVersion: 0x74000004,
      packetSize: 8_000,
      hostName: 'host',
      user: 'migrator',
      password: 'Pröbe-1€',
      applicationName: 'migrate/cell_perf_stats',
      database: 'DatabaseA',
      utf8Support: true,
    });
  });

  it('without a database leaves the choice to the server', () => {
    const login = payload();
    login.database = undefined;
    expect(parseLogin7(login.toBuffer()).database).toBeUndefined();
  });

  it('that is cut off is refused', () => {
    expect(() => parseLogin7(payload().toBuffer().subarray(0, 100))).toThrow('outside its message');
    expect(() => parseLogin7(Buffer.alloc(20))).toThrow('too short');
  });

  it('hides a password by nibbles swapped and XORed, as the specification has it', () => {
    expect(revealPassword(Buffer.from('b3a5', 'hex'))).toBe('a');
  });
});
