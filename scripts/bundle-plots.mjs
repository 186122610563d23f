/**
 * Puts the drawing libraries into dist/plots/observable-plot.js, and their licences beside it. Observable Plot brings
 * all of D3: installed as dependencies, these would be most of the packages of univar.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'esbuild';

import { licencesOf } from './licences.mjs';

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
  writeFileSync(join(folder, 'LICENSES.txt'), licencesOf(root, 'observable-plot.js', Object.keys(metafile.inputs)));
}
