import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Of 64 KiB: what the files of `assembly/` lay out takes all of them but the rest of the last. */
const pages = '9';
const compiler = join('node_modules', 'assemblyscript', 'bin', 'asc.js');
const source = join('engine', 'rows', 'hash', 'assembly', 'index.ts');
const options = [
  ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
  ...['--initialMemory', pages, '--maximumMemory', pages],
];

/** `npm run row-module`: prints `row-module.generated.ts`, made of `assembly/`. */
function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'row-module-'));
  const file = join(folder, 'row-module.wasm');
  try {
    const { status, stderr } = spawnSync(
      process.execPath,
      [compiler, source, '--outFile', file, ...options],
      {
        cwd: resolve(__dirname, '../../..'),
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(`The assembly does not compile:\n${stderr}`);
    const lines = [
      '/** Compiled from assembly/ by `npm run row-module`; a test holds the two together. */',
      `export const moduleBase64 =\n  '${readFileSync(file).toString('base64')}';`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main();
