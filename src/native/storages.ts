/** See {@link Storage}. */
export const STORAGES = ['f32', 'f16', 'bf16', 'int8'] as const;

/**
 * Number formats in which exact search stores the rows that it scans. They do not affect the result
 * (native/ops/topk.h).
 *
 * @useDeclaredType
 */
export type Storage = (typeof STORAGES)[number];
