import { readFileSync } from 'node:fs';

/** `node bench/profile-shares.mjs <file.cpuprofile>...`: seconds of self time by file of the project. */
for (const file of process.argv.slice(2)) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'));
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const seconds = new Map();
  samples.forEach((id, index) => {
    const place = places.get(id);
    seconds.set(place, (seconds.get(place) ?? 0) + timeDeltas[index] / 1e6);
  });
  console.log(file);
  const largest = [...seconds].sort((a, b) => b[1] - a[1]).slice(0, 25);
  for (const [place, spent] of largest) console.log(`${spent.toFixed(2).padStart(9)}  ${place}`);
}

/** A file below the project, a package, Node itself, or what V8 calls by a name in parentheses. */
function placeOf({ url, functionName }) {
  const [, packaged] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (packaged !== undefined) return packaged;
  const path = url
    .replace(/^file:\/\//, '')
    .replace(`${process.cwd()}/`, '')
    .replace('.cache/bench-build/', '');
  return path === '' ? functionName || '(native)' : path;
}
