/** Packs the npm packages from their folders. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { unlinkAbsentFiles } from './links.mjs';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);

/** What a library is called, and under which of its licences the addon contains it. */
const LIBRARIES = {
  onednn: 'oneDNN, Apache License 2.0',
  highway: 'Highway, Apache License 2.0 or BSD 3-Clause License',
  openblas: 'OpenBLAS, BSD 3-Clause License',
  'libfaiss-dev': 'FAISS, MIT License',
  'libutf8proc-dev': 'utf8proc, MIT License and Unicode License',
  'liblapack-dev': 'LAPACK, modified BSD License',
  libgomp1: 'libgomp (libgomp.so.1), GPL 3 with the GCC Runtime Library Exception 3.1',
};

/** What only a checkout needs. Its scripts would not work elsewhere. */
const DEVELOPMENT_FIELDS = ['scripts', 'devDependencies', 'allowScripts', 'gypfile'];

/** Runs npm pack and returns the path of the tarball. */
function pack(folder, destination) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const [{ filename }] = JSON.parse(execFileSync('npm', args, { cwd: folder, encoding: 'utf8' }));
  return join(destination, filename);
}

/** Adds the version of univar and the licences of all libraries, and packs the folder that contains the addon. */
export function packAddon({ root, name, folder, staticFolder }) {
  const { version } = readJson(join(root, 'package.json'));
  const manifest = join(folder, 'package.json');
  writeJson(manifest, { ...readJson(manifest), version });
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  cpSync(join(staticFolder, 'licenses'), join(folder, 'licenses'), { recursive: true });
  writeFileSync(join(folder, 'NOTICE'), notice(name, readFileSync(join(staticFolder, 'versions'), 'utf8')));
  return pack(folder, join(folder, '..'));
}

function notice(packageName, versions) {
  const lines = versions
    .trim()
    .split('\n')
    .map((line) => {
      const [name, version] = line.split(' ');
      if (!LIBRARIES[name]) throw new Error(`The licence of ${name} is missing in tarballs.mjs`);
      return `- ${LIBRARIES[name]}\n  Debian package ${name} ${version}, licenses/${name}.txt`;
    });
  return `${packageName}
Copyright the univar authors

This product is licensed under the Apache License, Version 2.0 (see LICENSE). It contains compiled code of these
libraries. Copyright notices and full licences are in the folder licenses/. Debian publishes the sources of all of them
at https://sources.debian.org and https://snapshot.debian.org, under the versions below.

${lines.join('\n')}
`;
}

/** Compiles src/ and packs univar. */
export function packUnivar(root, out, ...addonPackages) {
  execFileSync('npm', ['run', 'build:ts'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return packCompiled(root, out, ...addonPackages);
}

/**
 * Packs univar, whose dist/ is compiled, with the packages of the addon as optional dependencies. The repository does
 * not name them: "npm ci" would fail before they are published, and a checkout compiles its own addon.
 */
export function packCompiled(root, out, ...addonPackages) {
  const folder = join(out, 'univar');
  mkdirSync(folder, { recursive: true });
  const tarball = pack(root, out);
  execFileSync('tar', ['-C', folder, '--strip-components=1', '-xzf', tarball]);
  rmSync(tarball);
  const manifest = join(folder, 'package.json');
  const fields = Object.entries(readJson(manifest)).filter(([field]) => !DEVELOPMENT_FIELDS.includes(field));
  const content = Object.fromEntries(fields);
  const optionalDependencies = Object.fromEntries(addonPackages.map((name) => [name, content.version]));
  writeJson(manifest, { ...content, optionalDependencies });
  unlinkAbsentFiles(folder);
  return pack(folder, out);
}
