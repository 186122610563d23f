import type { NativeCapabilities, WorkCounters } from './addon-types.js';
import type { BackendChoice } from './backend.js';
import { type CudaState, cudaState } from './cuda-addon.js';
import { addon, backendChoice } from './loader.js';

export interface Capabilities extends NativeCapabilities {
  /**
   * What runs encoders, their training, the loss and exact top-k: `UNIVAR_BACKEND`, default `cpu`. All else runs on the
   * CPU.
   */
  backend: BackendChoice['active'];
  backendChoice: BackendChoice;
  /** Whether there is a GPU to use, and if not, why. Asks the driver when it is read. */
  readonly cuda: CudaState;
}

/**
 * What this build can do on this machine: backend, instruction sets, threads, whether bf16 and int8 are native, the
 * GPU, and library versions. Loads the addon.
 *
 * @throws EngineError `ERR_NATIVE_LOAD`, `ERR_DEVICE_UNAVAILABLE`
 */
export function capabilities(): Capabilities {
  const choice = backendChoice();
  return {
    ...addon().capabilities(),
    backend: choice.active,
    backendChoice: choice,
    get cuda() {
      return cudaState();
    },
  };
}

/**
 * Work that operations of this process have done so far: allocations, products, tiles. The difference of two calls
 * around an operation is the same on every run of one build, so a rise means more work where a clock would show only
 * noise. What other calls in flight do is counted, too.
 *
 * @throws EngineError `ERR_NATIVE_LOAD`
 */
export function workCounters(): WorkCounters {
  return addon().workCounters();
}
