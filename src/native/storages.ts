/** Number formats in which exact search holds the rows that it scans; the result is the same (native/ops/topk.h). */
export const STORAGES = ['f32', 'f16', 'bf16', 'int8'] as const;

/** See {@link STORAGES}. */
export type Storage = (typeof STORAGES)[number];
