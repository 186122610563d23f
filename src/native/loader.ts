import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { usableCpuCount } from '../core/cpu-count.js';
import { EngineError } from '../core/errors.js';
import type { Addon } from './addon-types.js';
import { type BackendChoice, chooseBackend, parseBackend } from './backend.js';
import { CUDA_OPERATIONS, cudaAddon, cudaState } from './cuda-addon.js';

// Works from src/native (tests) and from dist/native alike.
const ADDON_PATH = fileURLToPath(new URL('../../build/Release/engine.node', import.meta.url));

let loaded: { addon: Addon; backend: BackendChoice } | undefined;

/**
 * The native addon, loaded on first use. `UNIVAR_THREADS`, `UNIVAR_SIMD` and `UNIVAR_BACKEND` are read then, and only
 * then.
 *
 * @throws EngineError `ERR_NATIVE_LOAD` with what was tried and what to do; `ERR_DEVICE_UNAVAILABLE` when
 *   `UNIVAR_BACKEND` is `cuda` and there is no usable GPU
 */
export function addon(): Addon {
  loaded ??= load();
  return loaded.addon;
}

/** Which backend {@link addon} uses, and why. Loads it. */
export function backendChoice(): BackendChoice {
  loaded ??= load();
  return loaded.backend;
}

/** The CPU addon, with those operations replaced that run on a GPU. */
function load(): { addon: Addon; backend: BackendChoice } {
  const cpu = loadCpu(ADDON_PATH);
  const backend = chooseBackend(parseBackend(process.env['UNIVAR_BACKEND']), cudaState);
  const cuda = backend.active === 'cuda' ? cudaAddon().addon : undefined;
  if (!cuda) return { addon: cpu, backend };
  return { addon: { ...cpu, ...Object.fromEntries(CUDA_OPERATIONS.map((name) => [name, cuda[name]])) }, backend };
}

/**
 * GCC's OpenMP lets idle threads spin for milliseconds, which costs other processes their CPU and, as soon as the
 * machine is shared, ourselves several times the duration: the thread that all wait for is not running. It reads these
 * variables when it is loaded. On 2 cores with another process on each, building HNSW32 over 20,000 x 384 took 3.0 s
 * with its default and 0.8 s with this one; on a quiet machine it costs nothing that can be measured.
 */
function limitSpinning(): void {
  if (process.env['OMP_WAIT_POLICY'] === undefined) process.env['GOMP_SPINCOUNT'] ??= '10000';
}

function loadCpu(path: string): Addon {
  if (!existsSync(path)) {
    throw new EngineError(
      'ERR_NATIVE_LOAD',
      `The native addon is not built: ${path} is missing. Run "npm run build:native".`,
    );
  }
  let candidate: Addon;
  limitSpinning();
  try {
    candidate = createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      'ERR_NATIVE_LOAD',
      `The native addon ${path} does not load: ${reason}. ` +
        'If a shared library is missing, "npm run doctor" names its package; after a change of Node, run "npm run build:native".',
      { cause },
    );
  }
  candidate.configure(threadsFromEnvironment(), process.env['UNIVAR_SIMD'] ?? '');
  return candidate;
}

function threadsFromEnvironment(): number {
  const text = process.env['UNIVAR_THREADS'];
  if (text === undefined || text === '') return usableCpuCount();
  const threads = Number(text);
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new EngineError('ERR_ARG_RANGE', `Expected an integer from 1 to 1024 for "UNIVAR_THREADS", got ${text}`);
  }
  return threads;
}
