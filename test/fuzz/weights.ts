/**
 * How often something is called in relation to the rest. Without these numbers, a few functions that fit, train and
 * write files would take most of the time.
 */
const RARE = [
  'GET /metrics',
  'GET /openapi.json',
  'GET /',
  'POST /v1/admin/reload',
  'Collection#dispose',
  'Encoder#dispose',
  'PgVectorIndex#add',
  'PgVectorIndex#dispose',
  'PgVectorIndex#remove',
  'PgVectorIndex#search',
  'PgVectorIndex#selfRecall',
  'PgVectorIndex.create',
  'PgVectorIndex.open',
  'Trainer#backward',
  'Trainer#encode',
  'Trainer#save',
  'Trainer#step',
  'WordPieceTokenizer#dispose',
  'buildPgIndex',
  'compactDataset',
  'embedDataset',
  'evaluateControl',
  'evaluateClassifier',
  'evaluateDatasetClassifier',
  'evaluateDatasetFittedKnn',
  'evaluateDatasetTfidf',
  'evaluateFittedKnn',
  'evaluateTfidf',
  'exportEncoder',
  'fitDataset',
  'fitEncoder',
  'fitOnTraining',
  'generate',
  'loadEncoder',
  'loadTokenizer',
  'openCollection',
  'openPgIndex',
  'plotTraining',
  'readSides',
  'train',
  'writeQualityReport',
  'writeReport',
];
const OFTEN = 20;

/** Repeats every name as often as it is called. */
export function weighted<T>(list: readonly T[], nameOf: (item: T) => string): T[] {
  return list.flatMap((item) => Array.from({ length: RARE.includes(nameOf(item)) ? 1 : OFTEN }, () => item));
}
