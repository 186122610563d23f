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
export { Dataset, type OpenDatasetOptions, openDataset } from './data/dataset.js';
export { type DatasetSummary, DatasetWriter, type DatasetWriterOptions } from './data/dataset-writer.js';
export { DuplicateCounter } from './data/duplicate-counter.js';
export { describeSources, type InputFormat, type SourceFile } from './data/input-files.js';
export { labelRows, type RowLabels } from './data/label-rows.js';
export type { DatasetManifest } from './data/manifest.js';
export type { RejectedRow } from './data/raw-row.js';
export type { ReadOptions } from './data/read-options.js';
export { type RecordBatch, readRecords } from './data/read-records.js';
export { type QaRecord, valueId } from './data/record.js';
export { type RecordSurvey, surveyRecords } from './data/survey-records.js';
export { DEFAULT_ENCODER } from './encoder/default-encoder.js';
export type { EncodeResult, Encoder, EncoderBackend, EncoderPrecision } from './encoder/encoder.js';
export { type ExportOptions, type ExportResult, exportEncoder } from './encoder/export-encoder.js';
export type { ExportFormat } from './encoder/export-formats.js';
export { loadEncoder } from './encoder/load-encoder.js';
export type { LoadEncoderOptions } from './encoder/plan-encoder.js';
export type { WeightType } from './encoder/weight-types.js';
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
export { type ExactSearchOptions, exactNeighbours, type Neighbours } from './search/exact-search.js';
export type { BuildParams, SearchParams } from './search/index-params.js';
export { rowFilter } from './search/row-filter.js';
export type { ValueFilter } from './search/value-filter.js';
export {
  type Identification,
  type IdentifyOptions,
  type Neighbour,
  type RankedValueId,
  type SearchableIndex,
  ValueIdentifier,
  type ValueIdentifierOptions,
} from './search/value-identifier.js';
export {
  type LoadOptions,
  type Metric,
  type RangeSearchResult,
  type SearchResult,
  VectorIndex,
  type VectorIndexOptions,
} from './search/vector-index.js';
export { type EncodeQaOptions, encodeQa } from './tokenizer/encode-qa.js';
export { loadTokenizer } from './tokenizer/load-tokenizer.js';
export type { PackedIds, TokenizeOptions, Tokenizer } from './tokenizer/tokenizer.js';
export { WordPieceTokenizer } from './tokenizer/wordpiece.js';
export { plotTraining, trainingCurves } from './training/plots.js';
export type { PresetName } from './training/presets.js';
export type { TrainEvents, TrainOptions } from './training/settings.js';
export { type TrainSummary, train } from './training/train.js';
export { createTrainer, type Trainer, type TrainerOptions, type TrainingBatch } from './training/trainer.js';
