/**
 * These benchmarks take minutes, and mean something only on a GPU, so they are there when asked for:
 * `UNIVAR_CUDA_BENCH=full`, with `UNIVAR_BACKEND=cuda`; `small` shows on any backend that they run.
 */
export function wantedSize<T>(sizes: Record<'full' | 'small', T>): T | undefined {
  const wanted = process.env['UNIVAR_CUDA_BENCH'];
  if (wanted === undefined) return undefined;
  if (wanted !== 'full' && wanted !== 'small')
    throw new Error(`Expected full or small for "UNIVAR_CUDA_BENCH", got ${wanted}`);
  return sizes[wanted];
}
