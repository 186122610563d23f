/**
 * Compiles src/ to dist/ and packages/bench-gate/src/ to its own dist/, and bundles the libraries that draw plots, and
 * the viewer that map pages contain: one script and one style sheet without imports.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { bundlePlots } from './bundle-plots.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const VIEWER = join(ROOT, 'src', 'maps', 'viewer');

try {
  for (const project of ['tsconfig.build.json', 'packages/bench-gate'])
    execFileSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project], {
      cwd: ROOT,
      stdio: 'inherit',
    });
  await build({
    entryPoints: [join(VIEWER, 'viewer.ts'), join(VIEWER, 'viewer.css')],
    outdir: join(ROOT, 'dist', 'maps', 'viewer'),
    bundle: true,
    minify: true,
    charset: 'utf8',
    format: 'iife',
    // The newest feature that a page needs is light-dark() in CSS.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    logLevel: 'warning',
  });
  await bundlePlots(ROOT);
  // npm sets this only once, when it links a program. After a second build, "npx univar" could not run.
  chmodSync(join(ROOT, 'dist', 'cli', 'main.js'), 0o755);
} catch (error) {
  // tsc and esbuild have printed their reasons
  if (!('status' in error || 'errors' in error)) console.error(error.message);
  process.exitCode = 1;
}
