import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { type Certificates, ensureCertificates } from '../../../../sandbox/services/certificates.js';

describe('ensureCertificates', () => {
  let directory: string;
  let files: Certificates;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'certificates-'));
    files = await ensureCertificates(directory);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const handshake = (host: string, ca: string | undefined) =>
    new Promise<string>((settle) => {
      const server = createServer({ key: readFileSync(files.keyFile), cert: readFileSync(files.certFile) });
      server.on('tlsClientError', () => undefined);
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        const done = (outcome: string) => {
          socket.destroy();
          server.close();
          settle(outcome);
        };
        const socket = connect({ host: '127.0.0.1', port, servername: host, ...(ca ? { ca } : {}) }, () =>
          done('verified'),
        );
        socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
      });
    });

  it('verifies as localhost against its own authority', async () => {
    expect(await handshake('localhost', readFileSync(files.caFile, 'utf8'))).toBe('verified');
  });

  it('does not verify as another host', async () => {
    expect(await handshake('elsewhere.example', readFileSync(files.caFile, 'utf8'))).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('does not verify against the authorities of the system', async () => {
    expect(await handshake('localhost', undefined)).not.toBe('verified');
  });

  it('keeps the server key private and the authority key nowhere', () => {
    expect(statSync(files.keyFile).mode & 0o077).toBe(0);
    expect(readdirSync(directory).sort()).toEqual(['ca.pem', 'server.key', 'server.pem']);
  });

  it('returns the same certificate on the next start', async () => {
    const before = readFileSync(files.certFile, 'utf8');
    await ensureCertificates(directory);
    expect(readFileSync(files.certFile, 'utf8')).toBe(before);
  });
});
