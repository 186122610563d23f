import { existsSync } from 'node:fs';

import { packageFile, requireHere } from '../core/package-files.js';
import type { Addon } from './addon-types.js';

const CUDA_ADDON_PATH = process.env['UNIVAR_CUDA_ADDON'] ?? packageFile('build/cuda/Release/engine_cuda.node');

/** Exports that the CUDA addon also has. All others come from the CPU addon, regardless of the backend. */
export const CUDA_OPERATIONS = [
  'EncoderHandle',
  'infoNce',
  'infoNceSeconds',
  'topkStorage',
  'topkPrepare',
  'topkSearch',
  'topkRelease',
] as const;

/** The GPU as reported by the CUDA addon: see native/binding/cuda_addon.cc. */
export interface CudaDevice {
  available: boolean;
  /** Reason why it is not available. */
  reason?: string;
  /** CUDA error number of the reason, for example 35 (driver missing or too old) or 100 (no device). */
  error?: number;
  name?: string;
  /** Compute capability, for example `9.0`. */
  capability?: string;
  /** CUDA version that the driver supports; absent without a driver. */
  driver?: string;
  /** CUDA version with which the addon was built. */
  runtime: string;
  /** Compute capabilities for which the addon was built. */
  architectures: string;
  /** Version of cuBLASLt, which speeds up bf16 products, or the reason why it is not used. Absent without a device. */
  cublasLt?: string;
  memoryBytes?: number;
  /** Free memory at the time of the query. */
  freeBytes?: number;
}

export interface CudaAddon extends Pick<Addon, (typeof CUDA_OPERATIONS)[number]> {
  cudaDevice(): CudaDevice;
}

/** State of the GPU: whether operations can run on it, and if not, why. */
export interface CudaState {
  usable: boolean;
  /**
   * True if this version has passed its tests on a device. False means that it was compiled, but only tested on the
   * host (docs/gpu.md).
   */
  testedOnDevice: boolean;
  /** Reason why it is not usable: the addon is not built, does not load, or finds no device. */
  reason?: string;
  /** Absent if the addon is not built or does not load. */
  device?: CudaDevice;
}

/** Set this to true once bench/results/ contains the results of a device. */
const TESTED_ON_DEVICE = false;

let loaded: { addon?: CudaAddon; reason?: string } | undefined;

/** Returns the CUDA addon, which is loaded on first use, or the reason why it is missing. */
export function cudaAddon(): { addon?: CudaAddon; reason?: string } {
  loaded ??= load(CUDA_ADDON_PATH);
  return loaded;
}

/**
 * Returns the state of the GPU. Never throws: problems are part of the result. The first call can take a moment,
 * because it asks the driver.
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
    return { addon: requireHere(path) as CudaAddon };
  } catch (cause) {
    return {
      reason: `the CUDA addon ${path} does not load: ${cause instanceof Error ? cause.message : String(cause)}`,
    };
  }
}
