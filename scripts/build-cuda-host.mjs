/**
 * Compiles the CUDA addon for the host: every kernel of the device, run by loops (native/cuda/machine/block.h), behind the
 * binding. For tests on machines without a GPU or nvcc.
 *
 *   node scripts/build-cuda-host.mjs FOLDER     writes FOLDER/engine_cuda.node
 */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { nodeHeaderRoot } from './node-headers.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Those of native/cuda/CMakeLists.txt, with the host's table in place of the device's. */
const SOURCES = [
  'test/native-cpp/cuda_host_backend.cc',
  ...['args', 'cuda_addon', 'encoder', 'infonce', 'promise_worker', 'topk'].map((name) => `native/binding/${name}.cc`),
  'native/cuda/machine/cublas_lt.cc',
  ...['engine_thread', 'memory', 'threads'].map((name) => `native/core/${name}.cc`),
  ...['model', 'parameters', 'saved', 'transformer'].map((name) => `native/encoder/${name}.cc`),
];
const INCLUDES = ['native', createRequire(import.meta.url)('node-addon-api').include_dir].map((folder) =>
  join(ROOT, folder),
);
const FLAGS = [
  '-std=c++20',
  '-O2',
  '-fPIC',
  '-fopenmp',
  '-fexceptions',
  '-ffp-contract=off',
  '-Wall',
  '-Wextra',
  '-Werror=switch',
  '-Wno-unknown-pragmas',
  '-DNAPI_CPP_EXCEPTIONS',
  '-DNODE_ADDON_API_DISABLE_DEPRECATED',
  '-DBUILDING_NODE_EXTENSION',
];

const [folder] = process.argv.slice(2);
const headers = nodeHeaderRoot();
if (!folder || !headers) {
  console.error(folder ? "Node's headers were not found" : 'Usage: node scripts/build-cuda-host.mjs FOLDER');
  process.exit(2);
}
const compile = (...args) => promisify(execFile)(process.env.CXX ?? 'g++', [...FLAGS, ...args]);
const includes = [...INCLUDES, join(headers, 'include', 'node')].map((path) => `-I${path}`);
const objectOf = (source) => join(folder, `${basename(source)}.o`);
const waiting = [...SOURCES];
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let source = waiting.shift(); source; source = waiting.shift()) {
      await compile(...includes, '-c', join(ROOT, source), '-o', objectOf(source));
    }
  }),
);
await compile('-shared', ...SOURCES.map(objectOf), '-o', join(folder, 'engine_cuda.node'));
