/**
 * Returns the requested size of the CUDA benchmarks, which take minutes and are meaningful only on a GPU. Request them
 * with `UNIVAR_CUDA_BENCH=full` and `UNIVAR_BACKEND=cuda`; `small` tests on any backend that they run.
 */
export function wantedSize<T>(sizes: Record<'full' | 'small', T>): T | undefined {
  const wanted = process.env['UNIVAR_CUDA_BENCH'];
  if (wanted === undefined) return undefined;
  if (wanted !== 'full' && wanted !== 'small')
    throw new Error(`Expected full or small for "UNIVAR_CUDA_BENCH", got ${wanted}`);
  return sizes[wanted];
}
