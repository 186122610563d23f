import { EngineError } from '../core/errors.js';
import type { CudaState } from './cuda-addon.js';

const BACKENDS = ['auto', 'cuda', 'cpu'] as const;

/**
 * Where operations run. Only `'auto'` may fall back to the CPU.
 *
 * @useDeclaredType
 */
export type BackendWish = (typeof BACKENDS)[number];

/** The backend of the operations that both backends support, and how it was chosen. */
export interface BackendChoice {
  wanted: BackendWish;
  active: 'cuda' | 'cpu';
  /** Reasons why a preferred backend is not active. */
  reasons: string[];
}

/**
 * Parses `UNIVAR_BACKEND`. Unset means `'cpu'`: the CUDA backend has not yet run on a device, so it must be requested
 * explicitly.
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
 * Chooses the backend. Only `'auto'` falls back to the CPU, and it records the reason.
 *
 * @param cuda returns the state of the GPU; only called if CUDA is requested
 * @throws EngineError `ERR_DEVICE_UNAVAILABLE` if `'cuda'` is requested but not usable
 */
export function chooseBackend(wanted: BackendWish, cuda: () => Pick<CudaState, 'usable' | 'reason'>): BackendChoice {
  if (wanted === 'cpu') return { wanted, active: 'cpu', reasons: [] };
  const { usable, reason = 'unknown' } = cuda();
  if (usable) return { wanted, active: 'cuda', reasons: [] };
  if (wanted === 'cuda') {
    throw new EngineError(
      'ERR_DEVICE_UNAVAILABLE',
      `UNIVAR_BACKEND=cuda requires a GPU, but ${reason}. Unset it, or set it to auto, to compute on the CPU.`,
    );
  }
  return { wanted, active: 'cpu', reasons: [`cuda: ${reason}`] };
}
