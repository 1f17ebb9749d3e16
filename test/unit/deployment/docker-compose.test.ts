import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { parseEnvironment } from '../../../config/environment';

interface Service {
  readonly image?: string;
  readonly restart?: string;
  readonly healthcheck?: { readonly test: readonly string[]; readonly disable?: boolean };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const root = resolve(__dirname, '../../..');
const text = readFileSync(resolve(root, 'docker-compose.yml'), 'utf8');
const compose = parse(text) as Compose;
const services = Object.entries(compose.services);
const example = parseEnv(readFileSync(resolve(root, '.env.example'), 'utf8'));
const secretName = /PASSWORD|SECRET|ACCESS_KEY/;
/** `${NAME}`, `${NAME:-default}` or `${NAME:?message}`; `$$` is a literal dollar. */
const references = [
  ...text.replaceAll('$$', '').matchAll(/\$\{?([A-Z_][A-Z0-9_]*)(?:(:?[-?])([^}]*))?\}?/g),
].map(([, name, operator, argument]) => ({ name: name ?? '', operator, argument }));

function composeSchema(): object {
  const schema = JSON.parse(readFileSync(resolve(root, 'test/fixtures/compose-spec.json'), 'utf8')) as object;
  // The schema names its dialect by an address that Ajv knows by another spelling.
  return { ...schema, $schema: 'http://json-schema.org/draft-07/schema#' };
}

test('docker-compose.yml follows the Compose Specification, whose schema refuses an unknown key', () => {
  const ajv = new Ajv({ strict: false });
  addFormats(ajv);
  ajv.addFormat('ports', true);
  ajv.addFormat('expose', true);
  ajv.addFormat('duration', true);
  ajv.addFormat('subnet_ip_address', true);
  const validate = ajv.compile(composeSchema());
  validate(compose);
  expect(validate.errors).toBeNull();
  expect(validate({ ...compose, services: { worker: { imagee: 'x' } } })).toBe(false);
});

test('every variable is documented in .env.example', () => {
  expect(references.length).toBeGreaterThan(5);
  for (const { name } of references) expect(Object.keys(example)).toContain(name);
});

test('a secret has no default, and Compose stops with its name when it is not set', () => {
  const secrets = references.filter(({ name }) => secretName.test(name));
  expect(secrets.length).toBeGreaterThan(5);
  for (const { operator, argument } of secrets) {
    expect(operator).toBe(':?');
    expect(argument).toContain('.env');
  }
  for (const [name, value] of Object.entries(example))
    if (secretName.test(name)) expect([name, value]).toEqual([name, '']);
});

test.each(services)('%s takes no secret but from a variable', (_, service) => {
  for (const [name, value] of Object.entries(service.environment ?? {})) {
    if (/PASSWORD|PWD|SECRET|ACCESS_KEY|MC_HOST|ROOT_USER/.test(name))
      expect(value).toMatch(/\$\{[A-Z_0-9]+:\?/);
    expect(value).not.toMatch(/:\/\/[^/$]+:[^/$]+@/);
  }
});

test.each(services)('%s has a health check, or is a job that ends', (_, service) => {
  if (service.restart === 'no') expect(service.healthcheck).toBeUndefined();
  else expect(service.healthcheck?.test.length).toBeGreaterThan(1);
});

test.each(services)('%s waits for health of what stays up and for the end of what ends', (_, service) => {
  for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
    const ends = compose.services[other]?.restart === 'no';
    expect([other, condition]).toEqual([other, ends ? 'service_completed_successfully' : 'service_healthy']);
  }
});

test.each(services)(
  '%s is pinned, publishes ports on this machine only, and names what exists',
  (_, service) => {
    expect(service.image ?? '').not.toMatch(/:latest$/);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const network of service.networks ?? []) expect(Object.keys(compose.networks)).toContain(network);
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('./')) expect(() => readFileSync(resolve(root, source))).not.toThrow(/ENOENT/);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  },
);

test('data of every server is on a named volume', () => {
  const mounted = services
    .flatMap(([, service]) => service.volumes ?? [])
    .map((volume) => volume.split(':')[0]);
  for (const volume of Object.keys(compose.volumes)) expect(mounted).toContain(volume);
});

test("the worker's variables are an environment that the product accepts", () => {
  const files = { RDS_CA_FILE: __filename, MSSQL_CA_FILE: __filename };
  const environment = parseEnvironment({ ...compose.services.worker?.environment, ...files });
  expect(environment.target).toMatchObject({ host: 'target', port: 5432, user: 'migration', tls: 'verify' });
  expect(JSON.parse(environment.source.secretVariable('SOURCE_SECRET') ?? '')).toMatchObject({ host: '*' });
});
