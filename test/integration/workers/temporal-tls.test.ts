import { mkdtempSync, writeFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection } from '@temporalio/worker';
import { generate } from 'selfsigned';
import { connectTemporal } from '../../../cli/temporal';
import { parseEnvironment } from '../../../config/environment';
import { connectionOptions } from '../../../config/temporal-environment';
import { startTestTemporal } from '../../support/temporal';

interface Pair {
  readonly cert: string;
  readonly private: string;
}

const directory = mkdtempSync(join(tmpdir(), 'temporal-tls-'));
const others = {
  RDS_ENDPOINT: 'warehouse.example.com',
  RDS_USER: 'migration',
  RDS_PASSWORD: 'hunter2',
  RAW_BUCKET: 's3://raw-bucket',
  TRANSFORMED_BUCKET: 's3://transformed-bucket',
  STATS_BUCKET: 's3://stats-bucket',
};
let temporal: TestWorkflowEnvironment;
let authority: Pair;
let server: Pair;
let client: Pair;
let front: Server;

async function issued(name: string, usage: 'serverAuth' | 'clientAuth'): Promise<Pair> {
  return generate([{ name: 'commonName', value: name }], {
    algorithm: 'sha256',
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', [usage]: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ],
  });
}

const portOf = (listening: Server | Http2SecureServer): number => (listening.address() as AddressInfo).port;
const file = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};
const temporalOf = (port: number, variables: NodeJS.ProcessEnv) =>
  parseEnvironment({ ...others, TEMPORAL_ADDRESS: `localhost:${port}`, ...variables }).temporal;

beforeAll(async () => {
  temporal = await startTestTemporal();
  authority = await generate([{ name: 'commonName', value: 'Authority of this test' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  server = await issued('localhost', 'serverAuth');
  client = await issued('worker', 'clientAuth');
  const [host = '', port] = temporal.address.split(':');
  front = createServer(
    {
      ...{ cert: server.cert, key: server.private, ca: authority.cert },
      ...{ requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] },
    },
    (socket) => {
      const upstream = connectTcp(Number(port), host);
      socket.pipe(upstream).pipe(socket);
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    },
  );
  front.on('tlsClientError', () => undefined);
  await new Promise<void>((done) => front.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  front?.close();
  await temporal?.teardown();
});

test('a worker and a command reach a server that asks for a client certificate', async () => {
  const trusted = temporalOf(portOf(front), {
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('ca.pem', authority.cert),
    TEMPORAL_TLS_CLIENT_CERT_PATH: file('client.pem', client.cert),
    TEMPORAL_TLS_CLIENT_KEY_DATA: client.private,
  });
  const worker = await NativeConnection.connect(connectionOptions(trusted));
  const { serverVersion } = await worker.workflowService.getSystemInfo({});
  expect(serverVersion).toMatch(/^\d/);
  await worker.close();
  const { connection } = await connectTemporal(trusted);
  expect((await connection.workflowService.getSystemInfo({})).serverVersion).toBe(serverVersion);
  await connection.close();
});

test.each([
  ['no client certificate', () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('ca.pem', authority.cert) })],
  ['a server of an unknown authority', () => ({ TEMPORAL_TLS: 'true' })],
])('%s is refused, and the message says what to look at', async (_, variables) => {
  await expect(connectTemporal(temporalOf(portOf(front), variables()))).rejects.toMatchObject({
    exit: 'unreachable',
    message: expect.stringContaining('TEMPORAL_TLS_'),
  });
});

test('an API key goes with each call, and stays out of the refusal', async () => {
  const seen: unknown[] = [];
  const cloud = createSecureServer({ cert: server.cert, key: server.private });
  cloud.on('stream', (stream, headers) => {
    seen.push(headers.authorization);
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': '16',
        'grpc-message': 'Unauthorized',
      },
      { endStream: true },
    );
  });
  await new Promise<void>((done) => cloud.listen(0, '127.0.0.1', done));
  const environment = temporalOf(portOf(cloud), {
    TEMPORAL_API_KEY: 'swordfish',
    TEMPORAL_TLS_SERVER_CA_CERT_DATA: authority.cert,
  });
  const refusal = await connectTemporal(environment).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ message: expect.stringContaining('TEMPORAL_API_KEY') });
  expect(`${refusal}`).not.toContain('swordfish');
  await expect(NativeConnection.connect(connectionOptions(environment))).rejects.not.toThrow('swordfish');
  expect(seen.length).toBeGreaterThan(1);
  for (const authorization of seen) expect(authorization).toBe('Bearer swordfish');
  cloud.close();
});
