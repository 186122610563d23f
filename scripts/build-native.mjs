/**
 * Builds the addon with node-gyp against the headers of the Node that runs this script, so that nothing is downloaded.
 * Then builds the CUDA addon if possible (build-cuda.mjs, which also reads --use_cuda).
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import { reportCuda } from './build-cuda.mjs';
import { nodeHeaderRoot } from './node-headers.mjs';
import { checkSystem, compilerEnvironment, installAdvice } from './system-packages.mjs';

const root = resolve(import.meta.dirname, '..');

/** Finds our node-gyp in a checkout, or npm's copy if the package was installed as a dependency. */
function nodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    if (process.env.npm_config_node_gyp) return process.env.npm_config_node_gyp;
    console.error('node-gyp was not found. Run this script through npm: npm run build:native');
    process.exit(1);
  }
}

function build() {
  const nodedir = nodeHeaderRoot();
  if (!nodedir) return 1;
  for (const step of ['configure', 'build']) {
    const args = [nodeGyp(), step, `--nodedir=${nodedir}`, `--jobs=${availableParallelism()}`, '--loglevel=warn'];
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: compilerEnvironment() });
    if (status !== 0) return status ?? 1;
  }
  return 0;
}

const status = build();
if (status !== 0) {
  const { missing } = checkSystem();
  if (missing.length > 0) console.error(installAdvice(missing));
}
// bootstrap.mjs builds the CUDA addon in a separate step.
process.exit(status !== 0 || process.argv.includes('--cpu-only') ? status : reportCuda());
