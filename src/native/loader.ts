import { usableCpuCount } from '../core/cpu-count.js';
import { EngineError } from '../core/errors.js';
import type { Addon } from './addon-types.js';
import { type BackendChoice, chooseBackend, parseBackend } from './backend.js';
import { CUDA_OPERATIONS, cudaAddon, cudaState } from './cuda-addon.js';
import { openAddon } from './find-addon.js';

let loaded: { addon: Addon; path: string; backend: BackendChoice } | undefined;

/**
 * Returns the native addon, which {@link openAddon} finds on first use. Only then are `UNIVAR_ADDON`, `UNIVAR_THREADS`,
 * `UNIVAR_SIMD` and `UNIVAR_BACKEND` read.
 *
 * @throws EngineError `ERR_NATIVE_LOAD` saying what was tried and what to do; `ERR_DEVICE_UNAVAILABLE` if
 *   `UNIVAR_BACKEND` is `cuda` but no GPU is usable
 */
export function addon(): Addon {
  loaded ??= load();
  return loaded.addon;
}

/** Returns the file from which {@link addon} was loaded. Loads the addon. */
export function addonPath(): string {
  loaded ??= load();
  return loaded.path;
}

/** Returns the backend that {@link addon} uses, and why. Loads the addon. */
export function backendChoice(): BackendChoice {
  loaded ??= load();
  return loaded.backend;
}

/** Loads the CPU addon and replaces the operations that run on a GPU. */
function load(): { addon: Addon; path: string; backend: BackendChoice } {
  const { addon: cpu, path } = loadCpu();
  const backend = chooseBackend(parseBackend(process.env['UNIVAR_BACKEND']), cudaState);
  const cuda = backend.active === 'cuda' ? cudaAddon().addon : undefined;
  if (!cuda) return { addon: cpu, path, backend };
  const operations = Object.fromEntries(CUDA_OPERATIONS.map((name) => [name, cuda[name]]));
  return { addon: { ...cpu, ...operations }, path, backend };
}

/**
 * Limits the spinning of GCC's OpenMP, whose idle threads spin for milliseconds. This takes CPU time from other
 * processes. On a shared machine it also slows this process down several times, because the thread that all others wait
 * for is not running. OpenMP reads these variables when it is loaded. On 2 cores with another process on each, building
 * HNSW32 over 20,000 x 384 took 3.0 s with the default and 0.8 s with this limit. On a quiet machine, the limit has no
 * measurable cost.
 */
function limitSpinning(): void {
  if (process.env['OMP_WAIT_POLICY'] === undefined) process.env['GOMP_SPINCOUNT'] ??= '10000';
}

function loadCpu(): { addon: Addon; path: string } {
  limitSpinning();
  const { addon, path } = openAddon({ override: process.env['UNIVAR_ADDON'] });
  const cpu = addon as Addon;
  cpu.configure(threadsFromEnvironment(), process.env['UNIVAR_SIMD'] ?? '');
  return { addon: cpu, path };
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
