/** A module of its own, so that `univar --help` need not load the code that exports. */
export const DATASET_EXPORT_FORMATS = ['parquet', 'csv'] as const;

/** File format of `exportDataset`. */
export type DatasetExportFormat = (typeof DATASET_EXPORT_FORMATS)[number];
