import { EngineError } from '../core/errors.js';
import type { CudaState } from './cuda-addon.js';

const BACKENDS = ['auto', 'cuda', 'cpu'] as const;

export type BackendWish = (typeof BACKENDS)[number];

/** Which backend runs the operations that both have, and how it came to that. */
export interface BackendChoice {
  wanted: BackendWish;
  active: 'cuda' | 'cpu';
  /** Why a backend that was tried before is not the active one. */
  reasons: string[];
}

/**
 * What `UNIVAR_BACKEND` says. Unset means `'cpu'`: the CUDA backend has not yet been run on a device, so nobody should
 * get it without asking.
 *
 * @throws EngineError `ERR_ARG_RANGE`
 */
export function parseBackend(text: string | undefined): BackendWish {
  if (text === undefined || text === '') return 'cpu';
  if (!(BACKENDS as readonly string[]).includes(text)) {
    throw new EngineError('ERR_ARG_RANGE', `Expected one of ${BACKENDS.join(', ')} for "UNIVAR_BACKEND", got ${text}`);
  }
  return text as BackendWish;
}

/**
 * Only `'auto'` falls back, and it keeps the reason.
 *
 * @param cuda is asked only when CUDA is wanted
 * @throws EngineError `ERR_DEVICE_UNAVAILABLE` when `'cuda'` is wanted and not usable
 */
export function chooseBackend(wanted: BackendWish, cuda: () => Pick<CudaState, 'usable' | 'reason'>): BackendChoice {
  if (wanted === 'cpu') return { wanted, active: 'cpu', reasons: [] };
  const { usable, reason = 'unknown' } = cuda();
  if (usable) return { wanted, active: 'cuda', reasons: [] };
  if (wanted === 'cuda') {
    throw new EngineError(
      'ERR_DEVICE_UNAVAILABLE',
      `UNIVAR_BACKEND=cuda asks for a GPU, but ${reason}. Unset it, or say auto, to compute on the CPU.`,
    );
  }
  return { wanted, active: 'cpu', reasons: [`cuda: ${reason}`] };
}
