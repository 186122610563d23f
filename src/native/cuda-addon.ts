import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import type { Addon } from './addon-types.js';

// Works from src/native (tests) and from dist/native alike. The variable is for tests of other builds
// (scripts/test-cuda.mjs).
const CUDA_ADDON_PATH =
  process.env['UNIVAR_CUDA_ADDON'] ??
  fileURLToPath(new URL('../../build/cuda/Release/engine_cuda.node', import.meta.url));

/** Exports that the CUDA addon has as well; all others are of the CPU addon, whatever the backend. */
export const CUDA_OPERATIONS = [
  'EncoderHandle',
  'infoNce',
  'infoNceSeconds',
  'topkStorage',
  'topkPrepare',
  'topkSearch',
  'topkRelease',
] as const;

/** The GPU as the CUDA addon sees it; see native/binding/cuda_addon.cc. */
export interface CudaDevice {
  available: boolean;
  /** Why it is not available. */
  reason?: string;
  /** CUDA's number of the reason, for example 35 (no driver, or too old) or 100 (no device). */
  error?: number;
  name?: string;
  /** Compute capability, for example `9.0`. */
  capability?: string;
  /** CUDA version that the driver knows; absent without a driver. */
  driver?: string;
  /** CUDA version that the addon was built with. */
  runtime: string;
  /** Compute capabilities that the addon was built for. */
  architectures: string;
  /** Version of cuBLASLt, which makes bf16 products faster, or why it is not used. Absent without a device. */
  cublasLt?: string;
  memoryBytes?: number;
  /** When it was asked. */
  freeBytes?: number;
}

export interface CudaAddon extends Pick<Addon, (typeof CUDA_OPERATIONS)[number]> {
  cudaDevice(): CudaDevice;
}

/** Whether operations can run on a GPU here, and if not, why. */
export interface CudaState {
  usable: boolean;
  /**
   * Whether this version has passed its tests on a device; false means compiled, and tested on the host only
   * (docs/gpu.md).
   */
  testedOnDevice: boolean;
  /** Why not usable: the addon is not built, does not load, or finds no device. */
  reason?: string;
  /** Absent where the addon is not built or does not load. */
  device?: CudaDevice;
}

/** To become true with the results of a device in bench/results/. */
const TESTED_ON_DEVICE = false;

let loaded: { addon?: CudaAddon; reason?: string } | undefined;

/** The CUDA addon, loaded on first use, or why there is none. */
export function cudaAddon(): { addon?: CudaAddon; reason?: string } {
  loaded ??= load(CUDA_ADDON_PATH);
  return loaded;
}

/**
 * Never throws: what is missing is the result. Asking the driver for the first time takes a moment where there is one.
 */
export function cudaState(): CudaState {
  const { addon, reason } = cudaAddon();
  const testedOnDevice = TESTED_ON_DEVICE;
  if (!addon) return { usable: false, testedOnDevice, reason: reason! };
  const device = addon.cudaDevice();
  return device.available
    ? { usable: true, testedOnDevice, device }
    : { usable: false, testedOnDevice, reason: device.reason ?? 'unknown', device };
}

function load(path: string): { addon?: CudaAddon; reason?: string } {
  if (!existsSync(path))
    return { reason: 'the CUDA addon is not built; with nvcc and cmake, "npm run build:cuda" builds it' };
  try {
    return { addon: createRequire(import.meta.url)(path) as CudaAddon };
  } catch (cause) {
    return {
      reason: `the CUDA addon ${path} does not load: ${cause instanceof Error ? cause.message : String(cause)}`,
    };
  }
}
