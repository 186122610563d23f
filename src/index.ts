/** Public exports of the package, nothing else. */
export { EngineError, ERROR_CODES, type ErrorCode } from './core/errors.js';
export { capabilities } from './native/capabilities.js';
export { l2Normalize, pool } from './native/vectors.js';
export { DatasetWriter, type DatasetSummary, type DatasetWriterOptions } from './data/dataset-writer.js';
export { Dataset, openDataset, type OpenDatasetOptions } from './data/dataset.js';
export { DuplicateCounter } from './data/duplicate-counter.js';
export { describeSources, type InputFormat, type SourceFile } from './data/input-files.js';
export { labelRows, type RowLabels } from './data/label-rows.js';
export type { DatasetManifest } from './data/manifest.js';
export type { RejectedRow } from './data/raw-row.js';
export type { ReadOptions } from './data/read-options.js';
export { readRecords, type RecordBatch } from './data/read-records.js';
export { formatQa, valueId, type QaRecord } from './data/record.js';
export { surveyRecords, type RecordSurvey } from './data/survey-records.js';
