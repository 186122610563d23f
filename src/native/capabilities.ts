import type { NativeCapabilities, WorkCounters } from './addon-types.js';
import type { BackendChoice } from './backend.js';
import { type CudaState, cudaState } from './cuda-addon.js';
import { addon, addonPath, backendChoice } from './loader.js';

/** What the engine can do on this machine. */
export interface Capabilities extends NativeCapabilities {
  /** File of the addon in use: compiled here, or of the npm package for this system. */
  addonPath: string;
  /**
   * Backend of encoders, training, the loss and exact top-k, chosen by `UNIVAR_BACKEND` (default `cpu`). Everything
   * else runs on the CPU.
   */
  backend: BackendChoice['active'];
  backendChoice: BackendChoice;
  /** State of the GPU: whether it is usable, and if not, why. Each read asks the driver. */
  readonly cuda: CudaState;
}

/**
 * Reports the capabilities of this build on this machine: backend, instruction sets, threads, bf16 and int8 support,
 * the GPU, and library versions. Loads the addon.
 *
 * @throws EngineError `ERR_NATIVE_LOAD`, `ERR_DEVICE_UNAVAILABLE`
 */
export function capabilities(): Capabilities {
  const choice = backendChoice();
  return {
    ...addon().capabilities(),
    addonPath: addonPath(),
    backend: choice.active,
    backendChoice: choice,
    get cuda() {
      return cudaState();
    },
  };
}

/**
 * Returns the work that this process has done so far: allocations, products, tiles. The difference between two calls
 * around an operation is the same in every run of a build, so an increase means more work even if timings only show
 * noise. The counters include the work of other calls in flight.
 *
 * @throws EngineError `ERR_NATIVE_LOAD`
 */
export function workCounters(): WorkCounters {
  return addon().workCounters();
}
