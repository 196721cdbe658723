// sbom.mjs - what is inside a built program: CycloneDX 1.5 JSON to standard output.
//   node tool/sbom.mjs PROGRAM VERSION
// Every shared library the program loads, directly or not, with the Debian package and version it comes from (ldd, dpkg); and the npm packages
// whose files are served as assets (web/package-lock.json; tools of the build are marked as such). The same inputs give the same bytes.
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [program, version] = process.argv.slice(2);
if (!version) {
  console.error('usage: sbom.mjs PROGRAM VERSION');
  process.exit(2);
}
const run = (...words) => execFileSync(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] }).toString();

/** The package that a file belongs to; Debian moved /lib into /usr, so both names are asked for. */
function packageOf(file) {
  for (const name of [file, realpathSync(file), file.replace(/^\/usr/, ''), realpathSync(file).replace(/^\/usr/, '')]) {
    try {
      return run('dpkg', '-S', name).split(':')[0];
    } catch { /* the next name */ }
  }
  throw new Error(`sbom: ${file} belongs to no package`);
}

const libraries = new Map();
for (const line of run('ldd', program).split('\n')) {
  const file = /=> (\/\S+)/.exec(line)?.[1] ?? /^\s*(\/\S+)/.exec(line)?.[1];
  if (!file) continue;
  const name = packageOf(file);
  if (!libraries.has(name)) libraries.set(name, []);
  libraries.get(name).push(file.split('/').pop());
}
const debian = [...libraries.keys()].sort().map((name) => {
  const [v, source, arch] = run('dpkg-query', '-W', '-f', '${Version}\t${source:Package}\t${Architecture}', name).split('\t');
  return {
    type: 'library', 'bom-ref': `deb:${name}`, name, version: v, scope: 'required', purl: `pkg:deb/debian/${name}@${encodeURIComponent(v)}?arch=${arch}`,
    properties: [{ name: 'tamga:source', value: source }, { name: 'tamga:files', value: libraries.get(name).sort().join(' ') }],
  };
});

const lock = JSON.parse(readFileSync(join(root, 'web/package-lock.json'), 'utf8'));
const npm = Object.entries(lock.packages).filter(([path]) => path !== '').map(([path, entry]) => {
  const name = path.replace(/^.*node_modules\//, '');
  return {
    type: 'library', 'bom-ref': `npm:${path.replace(/^node_modules\//, '')}`, name, version: entry.version, scope: entry.dev ? 'excluded' : 'required',
    purl: `pkg:npm/${name.replace('@', '%40')}@${entry.version}`,
    ...(entry.license ? { licenses: [{ license: { name: entry.license } }] } : {}),
    ...(entry.integrity ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(entry.integrity.replace(/^sha512-/, ''), 'base64').toString('hex') }] } : {}),
  };
}).sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));

const sha256 = createHash('sha256').update(readFileSync(program)).digest('hex');
console.log(JSON.stringify({
  bomFormat: 'CycloneDX', specVersion: '1.5', version: 1,
  metadata: {
    component: { type: 'application', 'bom-ref': 'tamga', name: 'tamga', version, licenses: [{ license: { id: 'Apache-2.0' } }], hashes: [{ alg: 'SHA-256', content: sha256 }] },
  },
  components: [...debian, ...npm],
  dependencies: [{ ref: 'tamga', dependsOn: [...debian, ...npm].map((c) => c['bom-ref']) }],
}, null, 1));
