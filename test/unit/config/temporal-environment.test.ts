import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { temporalCommand } from '../../../cli/explain';
import { parseEnvironment } from '../../../config/environment';
import { connectionOptions } from '../../../config/temporal-environment';

const others = {
  RDS_ENDPOINT: 'warehouse.example.com',
  RDS_USER: 'migration',
  RDS_PASSWORD: 'hunter2',
  RAW_BUCKET: 's3://raw-bucket',
  TRANSFORMED_BUCKET: 's3://transformed-bucket',
  STATS_BUCKET: 's3://stats-bucket',
  TEMPORAL_ADDRESS: 'migration.a1b2c.tmprl.cloud:7233',
};
const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const file = join(mkdtempSync(join(tmpdir(), 'temporal-')), 'client.pem');
writeFileSync(file, pem);

const temporalOf = (variables: NodeJS.ProcessEnv) => parseEnvironment({ ...others, ...variables }).temporal;

test('without a word about TLS the connection is plain', () => {
  expect(connectionOptions(temporalOf({}))).toEqual({ address: others.TEMPORAL_ADDRESS });
  expect(connectionOptions(temporalOf({ TEMPORAL_TLS: 'false' }))).not.toHaveProperty('tls');
});

test('an API key, a certificate or a server name switches TLS on, and so does TEMPORAL_TLS', () => {
  const address = others.TEMPORAL_ADDRESS;
  expect(connectionOptions(temporalOf({ TEMPORAL_TLS: 'true' }))).toEqual({ address, tls: {} });
  expect(connectionOptions(temporalOf({ TEMPORAL_API_KEY: 'secret-key' }))).toEqual({
    address,
    tls: {},
    apiKey: 'secret-key',
  });
  const options = connectionOptions(
    temporalOf({
      TEMPORAL_TLS_CLIENT_CERT_PATH: file,
      TEMPORAL_TLS_CLIENT_KEY_DATA: pem,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: file,
      TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
    }),
  );
  expect(options.tls).toEqual({
    serverNameOverride: 'temporal.internal',
    serverRootCACertificate: Buffer.from(pem),
    clientCertPair: { crt: Buffer.from(pem), key: Buffer.from(pem) },
  });
});

test('a certificate that was renewed in its file is taken by the next connection', () => {
  const temporal = temporalOf({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: file });
  const renewed = pem.replace('AAAA', 'BBBB');
  writeFileSync(file, renewed);
  expect(connectionOptions(temporal).tls?.serverRootCACertificate).toEqual(Buffer.from(renewed));
});

test.each([
  [{ TEMPORAL_TLS: 'yes' }, "TEMPORAL_TLS is 'yes'; allowed: 'true' or 'false'"],
  [{ TEMPORAL_TLS: 'false', TEMPORAL_API_KEY: 'k' }, "TEMPORAL_TLS is 'false', but an API key"],
  [{ TEMPORAL_TLS_CLIENT_CERT_PATH: file }, 'CLIENT_CERT is set without TEMPORAL_TLS_CLIENT_KEY'],
  [{ TEMPORAL_TLS_CLIENT_KEY_DATA: pem }, 'CLIENT_KEY is set without TEMPORAL_TLS_CLIENT_CERT'],
  [{ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere.pem' }, "names '/nowhere.pem', which does not exist"],
  [
    { TEMPORAL_TLS_SERVER_CA_CERT_PATH: file, TEMPORAL_TLS_SERVER_CA_CERT_DATA: pem },
    'TEMPORAL_TLS_SERVER_CA_CERT_PATH and TEMPORAL_TLS_SERVER_CA_CERT_DATA are both set',
  ],
  [{ TEMPORAL_TLS_SERVER_CA_CERT_DATA: '/a/path' }, 'TEMPORAL_TLS_SERVER_CA_CERT_DATA is not PEM'],
  [{ TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true' }, 'certificates are always verified here'],
  [{ TEMPORAL_API_KEY: 'two words' }, 'TEMPORAL_API_KEY holds a blank'],
])('%j is refused', (variables, message) => {
  expect(() => temporalOf(variables)).toThrow(message);
  expect(() => temporalOf(variables)).not.toThrow('two words');
});

test('no dump shows a key, and no command that is told does', () => {
  const temporal = temporalOf({
    TEMPORAL_API_KEY: 'swordfish',
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: file,
    TEMPORAL_NAMESPACE: 'migration.a1b2c',
  });
  const command = temporalCommand(temporal, ['workflow', 'list'], []);
  for (const text of [JSON.stringify(temporal), inspect(temporal, { depth: 10, showHidden: true }), command])
    expect(text).not.toContain('swordfish');
  expect(command.replace(/\s+\\?\s*/g, ' ')).toContain(`--tls --tls-ca-path ${file}`);
});
