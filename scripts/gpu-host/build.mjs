/** Builds the CUDA addon with this host's nvcc. If that fails, restores the one of the bundle. */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { reportCuda } from '../build-cuda.mjs';

const ADDON = fileURLToPath(new URL('../../build/cuda/Release/engine_cuda.node', import.meta.url));
const KEPT = fileURLToPath(new URL('../../build/engine_cuda.kept', import.meta.url));

copyFileSync(ADDON, KEPT);
process.exitCode = reportCuda();
if (process.exitCode !== 0) {
  mkdirSync(dirname(ADDON), { recursive: true });
  copyFileSync(KEPT, ADDON);
  console.error('Keeping the addon of the bundle.');
}
rmSync(KEPT);
