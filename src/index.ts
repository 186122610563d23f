/** Public exports of the package, nothing else. */
export type {
  Benchmark,
  BenchmarkModule,
  Counters,
  Environment,
  Peer,
  Revision,
  Subject,
} from './benchmarking/benchmark.js';
export { EngineError, ERROR_CODES, type ErrorCode } from './core/errors.js';
export { type EmbeddableText, formatQa, type QuestionAnswer } from './core/question-answer.js';
export { labelRows, type RowLabels } from './core/row-labels.js';
export { Dataset, type OpenDatasetOptions, openDataset } from './datasets/dataset.js';
export { type DatasetSummary, DatasetWriter, type DatasetWriterOptions } from './datasets/dataset-writer.js';
export type { DatasetManifest } from './datasets/manifest.js';
export type { RecordLookup, RecordLookupOptions } from './datasets/record-lookup.js';
export { DEFAULT_ENCODER } from './encoder/default-encoder.js';
export type { EncodeResult, Encoder, EncoderBackend, EncoderPrecision } from './encoder/encoder.js';
export { type ExportOptions, type ExportResult, exportEncoder } from './encoder/export/export-encoder.js';
export type { ExportFormat } from './encoder/export/export-formats.js';
export { loadEncoder } from './encoder/load-encoder.js';
export type { LoadEncoderOptions } from './encoder/plan-encoder.js';
export type { WeightType } from './encoder/weights/weight-types.js';
export {
  type AnswerSet,
  type CheckpointDrift,
  centroidDrift,
  type Distance,
  type Drift,
} from './evaluation/centroid-drift.js';
export type { ClassificationResult, ConfusionTable, IdFigures, MergedTable } from './evaluation/classification.js';
export {
  type EvaluationDataset,
  type EvaluationTarget,
  evaluateDatasetKnn,
  evaluateDatasetProbe,
  evaluateDatasetTfidf,
  type TargetOptions,
} from './evaluation/dataset.js';
export {
  evaluateKnn,
  evaluateNeighbours,
  type KnnOptions,
  type KnnResult,
  type NeighbourSearch,
  type SweepPoint,
} from './evaluation/knn.js';
export type { EvaluationOptions, LabelledEmbeddings, LabelledRows } from './evaluation/prepare.js';
export {
  type AccuracyAt,
  evaluateProbe,
  type ProbeEpoch,
  type ProbeOptions,
  type ProbeResult,
} from './evaluation/probe.js';
export { writeReport } from './evaluation/report.js';
export type { Report, ReportEntry } from './evaluation/report-types.js';
export type { Split, SplitKind } from './evaluation/splits.js';
export { evaluateTfidf, type LabelledTexts } from './evaluation/tfidf.js';
export {
  type Identification,
  type IdentifyOptions,
  type Neighbour,
  type RankedValueId,
  type SearchableIndex,
  ValueIdentifier,
  type ValueIdentifierOptions,
} from './identification/value-identifier.js';
export {
  type Projection,
  type ProjectionMethod,
  type ProjectionPhase,
  type ProjectOptions,
  projectEmbeddings,
} from './maps/project-embeddings.js';
export type { WorkCounters } from './native/addon-types.js';
export type { BackendChoice, BackendWish } from './native/backend.js';
export { type Capabilities, capabilities, workCounters } from './native/capabilities.js';
export type { CudaDevice, CudaState } from './native/cuda-addon.js';
export { type InfoNceInput, type InfoNceMode, type InfoNceResult, infoNce } from './native/infonce.js';
export { SimilarityBase, type SimilarityBaseOptions, type TopK } from './native/similarity-base.js';
export { type SimilarityTopKOptions, similarityTopK } from './native/top-k.js';
export { l2Normalize, pool } from './native/vectors.js';
export type { Picture } from './plots/svg.js';
export { DuplicateCounter } from './records/duplicate-counter.js';
export type { RejectedRow } from './records/formats/raw-row.js';
export { describeSources, type InputFormat, type SourceFile } from './records/input-files.js';
export type { ReadOptions } from './records/read-options.js';
export { type RecordBatch, readRecords } from './records/read-records.js';
export { type QaRecord, valueId } from './records/record.js';
export { type RecordSurvey, surveyRecords } from './records/survey-records.js';
export { type ExactSearchOptions, exactNeighbours, type Neighbours } from './search/exact-search.js';
export { rowFilter } from './search/filters/row-filter.js';
export type { ValueFilter } from './search/filters/value-filter.js';
export type { BuildParams, SearchParams } from './search/index-params.js';
export {
  type LoadOptions,
  type Metric,
  type RangeSearchResult,
  type SearchResult,
  VectorIndex,
  type VectorIndexOptions,
} from './search/vector-index.js';
export { type EncodeQaOptions, encodeQa } from './text/tokenizers/encode-qa.js';
export { loadTokenizer } from './text/tokenizers/load-tokenizer.js';
export type { PackedIds, TokenizeOptions, Tokenizer } from './text/tokenizers/tokenizer.js';
export { WordPieceTokenizer } from './text/tokenizers/wordpiece.js';
export { plotTraining, trainingCurves } from './training/plots.js';
export type { PresetName } from './training/presets.js';
export type { TrainEvents, TrainOptions } from './training/settings.js';
export { type TrainSummary, train } from './training/train.js';
export { createTrainer, type Trainer, type TrainerOptions, type TrainingBatch } from './training/trainer.js';
