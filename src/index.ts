/// <reference lib="esnext.disposable" preserve="true" />
/**
 * What `import { ... } from 'univar'` offers, by theme.
 *
 * @module univar
 */

// Errors

export {
  EngineError,
  type EngineErrorOptions,
  ERROR_CODES,
  type ErrorCode,
  type OptionHint,
  type Remedy,
} from './core/errors.js';

// The flow, from answers to identification

export {
  type Collection,
  type Evidence,
  type IdentifiedText,
  type IdentifyTextsOptions,
} from './pipeline/collection/collection.js';
export { type OpenCollectionOptions, openCollection } from './pipeline/collection/open-collection.js';
export {
  type CompactEvents,
  type CompactedDataset,
  type CompactOptions,
  compactDataset,
} from './pipeline/compact-dataset.js';
export { embedDataset } from './pipeline/embed/embed-dataset.js';
export {
  type EmbedDatasetOptions,
  type EmbedEvents,
  type EmbedPlan,
  type EmbedWorkers,
} from './pipeline/embed/options.js';
export type { ScanResult } from './pipeline/embed/scan.js';
export type { EmbedSummary } from './pipeline/embed/summary.js';
export {
  type FitDatasetOptions,
  type FitEvents,
  fitDataset,
} from './pipeline/fit/fit-dataset.js';
export type { FitStage, FittedDataset } from './pipeline/fit/fit-types.js';
export { type BuildIndexOptions, type BuiltIndex, buildIndex } from './pipeline/index/build-index.js';
export type { IndexChoice } from './pipeline/index/choose-index.js';
export type { GivenIndex, SearchKind } from './pipeline/index/dataset-search.js';
export type { IndexDescription } from './pipeline/index/saved-index.js';

// Records and datasets

export type { FoldedChanges } from './datasets/changes/fold-changes.js';
export { Dataset, type OpenDatasetOptions, openDataset } from './datasets/dataset.js';
export { type DatasetSummary, DatasetWriter, type DatasetWriterOptions } from './datasets/dataset-writer.js';
export type { EmbeddingShards } from './datasets/embedding-shards.js';
export type { DatasetExportFormat } from './datasets/export/dataset-export-formats.js';
export {
  type DatasetExportOptions,
  type DatasetExportResult,
  exportDataset,
} from './datasets/export/export-dataset.js';
export { type DatasetFit, openFit } from './datasets/fits/dataset-fit.js';
export type { FitManifest, FitShard } from './datasets/fits/fit-manifest.js';
export type { DatasetConfiguration, DatasetManifest, FileEntry, ShardEntry } from './datasets/manifest.js';
export type { RecordLookup, RecordLookupOptions } from './datasets/record-lookup.js';
export type { EmbeddingType } from './datasets/shards/embedding-bytes.js';
export type { ShardReader } from './datasets/shards/shard-reader.js';
export { DuplicateCounter } from './records/duplicate-counter.js';
export type { RejectedRow } from './records/formats/raw-row.js';
export { describeSources, type InputFormat, type SourceFile } from './records/input-files.js';
export type { ReadOptions } from './records/read-options.js';
export { type RecordBatch, readRecords } from './records/read-records.js';
export { type QaRecord, valueId } from './records/record.js';
export { type RecordSurvey, surveyRecords } from './records/survey-records.js';

// Texts and encoders

export { type EmbeddableText, formatQa, type QuestionAnswer } from './core/question-answer.js';
export { DEFAULT_ENCODER } from './encoder/default-encoder.js';
export type { EncodeResult, Encoder, EncoderBackend, EncoderPrecision } from './encoder/encoder.js';
export type { LoadEncoderOptions } from './encoder/encoder-plan.js';
export { type ExportOptions, type ExportResult, exportEncoder } from './encoder/export/export-encoder.js';
export type { ExportFormat } from './encoder/export/export-formats.js';
export type { SeenAnswers } from './encoder/folder/training-answers.js';
export { loadEncoder } from './encoder/load-encoder.js';
export type { WeightType } from './encoder/weights/weight-types.js';
export { type FitEncoderOptions, fitEncoder } from './identification/fit/fit-encoder.js';
export type { FitSettings } from './identification/fit/fit-settings.js';
export type { FitFigures } from './identification/fit/fit-table.js';
export type { NgramKind } from './native/ngram-settings.js';
export type { NgramFeatures } from './native/ngrams.js';
export type { PackedTokens } from './native/packed-tokens.js';
export { type ExtractNgramsOptions, extractNgrams } from './text/ngrams/extract-ngrams.js';
export { type EncodeQaOptions, encodeQa } from './text/tokenizers/encode-qa.js';
export { loadTokenizer } from './text/tokenizers/load-tokenizer.js';
export type { TokenizeOptions, Tokenizer } from './text/tokenizers/tokenizer.js';
export { WordPieceTokenizer } from './text/tokenizers/wordpiece.js';

// Search and identification

export { labelRows, type RowLabels } from './core/row-labels.js';
export type { Explanation, Phrase } from './identification/classifier/explanation.js';
export type {
  Classification,
  ClassifyOptions,
  RankedProbability,
} from './identification/classifier/value-classifier.js';
export type { Identification, Neighbour, RankedValueId } from './identification/rank-neighbours.js';
export type { SearchableIndex, SearchEffort } from './identification/searchable-index.js';
export {
  type IdentifyOptions,
  ValueIdentifier,
  type ValueIdentifierOptions,
} from './identification/value-identifier.js';
export type { CallOptions } from './native/call.js';
export type { IndexMetric, Metric } from './native/metrics.js';
export type { SearchResult } from './native/search-result.js';
export { SimilarityBase, type SimilarityBaseOptions, type SimilaritySearchOptions } from './native/similarity-base.js';
export type { Storage } from './native/storages.js';
export { type SimilarityTopKOptions, similarityTopK } from './native/top-k.js';
export { rowFilter } from './search/filters/row-filter.js';
export type { ValueFilter } from './search/filters/value-filter.js';
export type {
  BuildOptions,
  IndexQueryOptions,
  IndexSearchOptions,
  RangeSearchOptions,
  SyncSearchOptions,
} from './search/index-options.js';
export type { MeasuredRecall } from './search/measured-recall.js';
export {
  type LoadIndexOptions,
  type RangeSearchResult,
  type SelfRecallOptions,
  VectorIndex,
  type VectorIndexOptions,
} from './search/vector-index.js';

// Loss and vectors

export { type InfoNceInput, type InfoNceResult, infoNce } from './native/infonce.js';
export type { InfoNceMode } from './native/infonce-modes.js';
export type { Pooling } from './native/pooling.js';
export { l2Normalize, type NormalizeOptions, type PoolInput, pool } from './native/vectors.js';

// Training

export type { EncodeOptions } from './native/encoder-model.js';
export type { TrainingPrecision } from './native/precisions.js';
export type { BatchSamplerName } from './training/batch-samplers.js';
export type { NgramTrainOptions } from './training/ngrams/ngram-settings.js';
export { plotTraining, trainingCurves } from './training/plots.js';
export type { PresetName, Recipe } from './training/presets.js';
export type { BestValidation } from './training/run-checkpoint.js';
export type { RunOptions, TrainEvents } from './training/run-settings.js';
export type { Decay } from './training/schedule.js';
export type { TrainOptions } from './training/settings.js';
export { type TrainSummary, train } from './training/train.js';
export { createTrainer, type Trainer, type TrainerOptions, type TrainingBatch } from './training/trainer.js';
export type { RunSummary } from './training/training-run.js';

// Evaluation

export type { AccuracyIntervals, Interval } from './evaluation/bootstrap.js';
export {
  type AnswerSet,
  type CheckpointDrift,
  centroidDrift,
  type Distance,
  type Drift,
} from './evaluation/centroid-drift.js';
export type {
  ClassificationResult,
  ConfusionTable,
  IdFigures,
  MergedTable,
} from './evaluation/classification.js';
export type { TogetherPoint } from './evaluation/classifier/answers-together.js';
export type { CalibrationFigures, ReliabilityBin } from './evaluation/classifier/calibration-error.js';
export type { CoveragePoint } from './evaluation/classifier/coverage.js';
export {
  type ClassifierOptions,
  type ClassifierResult,
  type ClassifierStage,
  evaluateClassifier,
} from './evaluation/classifier/evaluate-classifier.js';
export type { UnknownFigures } from './evaluation/classifier/unknown-authors.js';
export type { ControlData, ControlSide } from './evaluation/control/control-rows.js';
export {
  type ControlOptions,
  type ControlResult,
  type ControlRow,
  evaluateControl,
} from './evaluation/control/evaluate-control.js';
export type { Figure } from './evaluation/control/figure.js';
export type { ErasureFigures } from './evaluation/control/measure-erasure.js';
export {
  type EvaluationDataset,
  type EvaluationTarget,
  evaluateDatasetClassifier,
  evaluateDatasetFittedKnn,
  evaluateDatasetKnn,
  evaluateDatasetProbe,
  evaluateDatasetTfidf,
  type TargetOptions,
} from './evaluation/dataset.js';
export {
  evaluateFittedKnn,
  type FitOptions,
  fitOnTraining,
  type LabelledAnswers,
  type SplitFit,
} from './evaluation/fitted-knn.js';
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

// Comparison

export type { Merge } from './comparison/average-linkage.js';
export type { ClassifierAccuracy } from './comparison/classifier-accuracy.js';
export {
  type CompareAllOptions,
  type ComparisonMatrix,
  compareAll,
  type MatrixEntry,
} from './comparison/compare-all.js';
export {
  type CompareOptions,
  type Comparison,
  type ComparisonStep,
  compareAnswers,
  type PairTest,
  type PairTestOptions,
} from './comparison/compare-answers.js';
export type { MarkingPhrase } from './comparison/marking-phrases.js';
export type { MeanDifference } from './comparison/mean-difference.js';
export type { AnswerSide, PairWithin } from './comparison/paired-answers.js';
export type { QuestionDifference } from './comparison/question-differences.js';
export { type ComparisonPageOptions, comparisonPage } from './comparison/report/comparison-page.js';
export { type HeatMapOptions, heatMap } from './comparison/report/heat-map.js';
export { type MatrixPageOptions, matrixPage } from './comparison/report/matrix-page.js';
export type { SufficientQuestions } from './comparison/sufficient-questions.js';
export { type ReadSides, type ReadSidesOptions, readSides } from './pipeline/comparison/read-sides.js';
export type { SideKind } from './pipeline/comparison/side-names.js';

// Maps

export {
  type Projection,
  type ProjectionMethod,
  type ProjectionPhase,
  type ProjectOptions,
  projectEmbeddings,
} from './maps/project-embeddings.js';
export type { Picture } from './plots/picture.js';

// The machine

export type { NativeCapabilities, WorkCounters } from './native/addon-types.js';
export type { BackendChoice, BackendWish } from './native/backend.js';
export { type Capabilities, capabilities, workCounters } from './native/capabilities.js';
export type { CudaDevice, CudaState } from './native/cuda-addon.js';
