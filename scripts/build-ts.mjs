/**
 * Compiles src/ and packages/bench-gate/src/, each to its dist/, and bundles the libraries that draw plots, and the
 * browser code of map pages and of the page for exploration: one script and one style sheet each, without imports.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { bundlePlots } from './bundle-plots.mjs';
import { licencesOf } from './licences.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Entry points of browser code in src/, without the endings .ts and .css. */
const PAGES = ['maps/viewer/viewer', 'explore/page/explore'];
/** A page of a map is passed on without the files beside it. */
const LICENCE_NOTE = '/*! Contains d3-contour, d3-array and internmap, copyright Mike Bostock, ISC licence */';

try {
  for (const project of ['tsconfig.build.json', 'packages/bench-gate'])
    execFileSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project], {
      cwd: ROOT,
      stdio: 'inherit',
    });
  const { metafile } = await build({
    entryPoints: PAGES.flatMap((page) => ['ts', 'css'].map((ending) => join(ROOT, 'src', `${page}.${ending}`))),
    absWorkingDir: ROOT,
    outbase: join(ROOT, 'src'),
    outdir: join(ROOT, 'dist'),
    bundle: true,
    minify: true,
    charset: 'utf8',
    format: 'iife',
    // The newest feature that a page needs is light-dark() in CSS.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    legalComments: 'none', // all licences are in LICENSES.txt
    banner: { js: LICENCE_NOTE },
    metafile: true,
    logLevel: 'warning',
  });
  for (const page of PAGES) {
    const { inputs } = metafile.outputs[`dist/${page}.js`];
    const licences = licencesOf(ROOT, basename(`${page}.js`), Object.keys(inputs));
    writeFileSync(join(ROOT, 'dist', dirname(page), 'LICENSES.txt'), licences);
  }
  await bundlePlots(ROOT);
  // npm sets this only once, when it links a program. After a second build, "npx univar" could not run.
  chmodSync(join(ROOT, 'dist', 'cli', 'main.js'), 0o755);
} catch (error) {
  // tsc and esbuild have printed their reasons
  if (!('status' in error || 'errors' in error)) console.error(error.message);
  process.exitCode = 1;
}
