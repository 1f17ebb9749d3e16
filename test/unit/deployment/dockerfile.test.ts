import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(__dirname, '../../..');
const dockerfile = readFileSync(resolve(root, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
const ignore = readFileSync(resolve(root, '.dockerignore'), 'utf8').split('\n');
const stages = dockerfile.split(/^FROM /m).slice(1);
const last = stages.at(-1) ?? '';
const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
  sources.split(' '),
);

test('the image runs as an ordinary user, with production dependencies and a health check', () => {
  expect(last.lastIndexOf('USER node')).toBeGreaterThan(last.lastIndexOf('RUN '));
  expect(last).toContain('--from=dependencies');
  expect(dockerfile).toContain('npm install --no-save --omit=dev');
  expect(last).toMatch(/HEALTHCHECK .+CMD \["node", "dist\/workers\/health\.js"\]/);
});

test.each(copied)('%s, which the image copies, exists and is not ignored', (path) => {
  expect(existsSync(resolve(root, path))).toBe(true);
  const allowed = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  expect(allowed.some((entry) => path === entry || path.startsWith(`${entry}/`))).toBe(true);
});

test('nothing enters the build but by name', () => {
  expect(ignore.find((line) => line !== '' && !line.startsWith('#'))).toBe('*');
  for (const name of ['.env', '.env.sandbox', 'node_modules', '.sandbox', '.git'])
    expect(ignore).not.toContain(`!${name}`);
});
