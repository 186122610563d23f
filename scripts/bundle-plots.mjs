/**
 * Puts the drawing libraries into dist/plots/observable-plot.js, and their licences beside it. Observable Plot brings
 * all of D3: installed as dependencies, these would be most of the packages of univar.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'esbuild';

const LICENCES = ['ISC', 'MIT', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0'];

/** @param {string} root folder with package.json, src/ and dist/ */
export async function bundlePlots(root) {
  const folder = join(root, 'dist', 'plots');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'src', 'plots', 'observable-plot.ts')],
    outfile: join(folder, 'observable-plot.js'),
    bundle: true,
    minifyWhitespace: true,
    charset: 'utf8',
    legalComments: 'none', // all licences are in LICENSES.txt
    format: 'esm',
    platform: 'node',
    target: 'node20.17',
    external: ['canvas'], // linkedom works without it
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync(join(folder, 'LICENSES.txt'), licencesOf(root, Object.keys(metafile.inputs)));
}

/**
 * Returns the licences of the packages that these files belong to.
 *
 * @param {readonly string[]} files relative to the root
 * @throws Error for a package without a licence text, or with one that docs/dependencies.md does not allow
 */
function licencesOf(root, files) {
  const folders = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  const parts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file || !LICENCES.includes(license)) {
      throw new Error(`Expected one of the licences ${LICENCES.join(', ')} and its text in ${folder}, got ${license}`);
    }
    return `${name} ${version} (${license})\n\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`;
  });
  return ['observable-plot.js contains code of these packages.\n', ...parts].join(`\n${'-'.repeat(80)}\n\n`);
}
