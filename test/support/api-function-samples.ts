/** Valid arguments of the functions that the package exports. */
import { labelRecords } from '../../src/evaluation/dataset.js';
import { openEndpoint } from '../../src/generation/providers/open-endpoint.js';
import * as univar from '../../src/index.js';
import type { Arguments } from './api-calls.js';
import { type ApiScene, DIM, matrix, nothing, records } from './api-scene.js';

type Samples = Record<string, Arguments>;

const { labels, groups } = labelRecords(records, 'model');
const data = { embeddings: matrix(), dim: DIM, labels, groups };
const read = { columns: { answer: 'answer' }, defaults: { lang: 'eng' }, format: 'jsonl', skipBad: false };
const call = (signal: AbortSignal) => ({ signal, onProgress: nothing });
const split = (signal: AbortSignal) => ({
  split: 'row',
  testShare: 0.5,
  seed: 1,
  minPerId: 1,
  bootstrapSamples: 5,
  signal,
});
const neighbours = (signal: AbortSignal) => ({ ...split(signal), k: 1, sweep: [1, 2] });
const probe = (signal: AbortSignal) => ({
  ...split(signal),
  epochs: 1,
  batchSize: 4,
  learningRate: 0.1,
  weightDecay: 0,
  onEpoch: nothing,
});
const fit = { base: null, dim: 8, steps: 2, pairs: 4, maxAnswers: 12, maxNgrams: 50, seed: 1 };
const fitted = { fit, onProgress: nothing };
const classifier = { fit, unknown: false, onProgress: nothing };
const answers = { texts: records.map(({ answer }) => answer), labels, groups, valueIds: labels };
/** Two sides with two answers to each of three questions. */
const sides = (): univar.AnswerSide[] =>
  ['a', 'b'].map((name) => ({
    name,
    records: Array.from({ length: 6 }, (_, i) => ({ ...records[0]!, model: name, qid: `q${i % 3}` })),
    embeddings: matrix(6),
  }));
const paired = (signal: AbortSignal) => ({
  dim: DIM,
  within: 'lang' as const,
  draws: 5,
  bootstrapSamples: 5,
  folds: 2,
  seed: 1,
  signal,
});
const dataset = () => ({
  dim: DIM,
  readEmbeddings: () => Promise.resolve(matrix()),
  readRecords: () => Promise.resolve(records),
});

/** The default split, by question, refuses it. Otherwise calls without options would take seconds to fit. */
const oneQuestion = {
  readRecords: () => Promise.resolve(records.map((record) => ({ ...record, group: 'only' }))),
};

/** Of evaluation and maps. */
export async function evaluationSamples({ fresh }: ApiScene): Promise<Samples> {
  const knn = await univar.evaluateKnn(data, { k: 1, bootstrapSamples: 0 });
  const { signal: unused } = new AbortController();
  const comparison = await univar.compareAnswers(sides()[0]!, sides()[1]!, paired(unused));
  const comparisonMatrix = await univar.compareAll(sides(), paired(unused));
  return {
    comparisonPage: () => [comparison, { encoder: 'e', questions: 1, textLength: 100 }],
    compareAll: (signal) => [sides(), { ...paired(signal), onProgress: nothing }],
    compareAnswers: (signal) => [...sides(), { ...paired(signal), phrases: 2, onProgress: nothing }],
    heatMap: () => [comparisonMatrix, { isInline: true }],
    matrixPage: () => [comparisonMatrix, { encoder: 'e' }],
    centroidDrift: () => {
      const set = (name: string) => ({ name, embeddings: matrix(2), questions: ['a', 'b'] });
      return [set('r'), set('t'), [set('c')], DIM, 5, 1];
    },
    evaluateControl: (signal) => [
      { values: { ...data, texts: answers.texts }, control: { ...data, texts: answers.texts } },
      { testShare: 0.5, seed: 1, minPerId: 1, bootstrapSamples: 5, k: 1, signal, ...fitted },
    ],
    evaluateDatasetKnn: (signal) => [dataset(), { ...neighbours(signal), target: 'model' }],
    evaluateDatasetProbe: (signal) => [dataset(), { ...probe(signal), target: 'model' }],
    evaluateDatasetTfidf: (signal) => [dataset(), { ...neighbours(signal), target: 'model' }],
    evaluateDatasetFittedKnn: (signal) => [dataset(), { ...neighbours(signal), ...fitted, target: 'model' }],
    evaluateDatasetClassifier: (signal) => [oneQuestion, { ...split(signal), ...classifier, target: 'model' }],
    evaluateClassifier: (signal) => [
      { texts: answers.texts, labels, groups: labels.map(() => 'only') },
      { ...split(signal), ...classifier },
    ],
    evaluateFittedKnn: (signal) => [answers, { ...neighbours(signal), ...fitted }],
    fitOnTraining: (signal) => [answers, { ...split(signal), ...fitted }],
    evaluateKnn: (signal) => [data, neighbours(signal)],
    evaluateNeighbours: (signal) => [
      { labels, groups },
      neighbours(signal),
      (_: Int32Array, test: Int32Array, k: number) =>
        Promise.resolve({ labels: new Int32Array(test.length * k), distances: new Float32Array(test.length * k), k }),
    ],
    evaluateProbe: (signal) => [data, probe(signal)],
    evaluateTfidf: (signal) => [{ texts: answers.texts, labels, groups }, neighbours(signal)],
    projectEmbeddings: (signal) => [
      matrix(),
      {
        dim: DIM,
        method: 'pca',
        seed: 1,
        neighbours: 3,
        minDistance: 0.5,
        sample: Int32Array.of(0, 1, 2, 3),
        ...call(signal),
      },
    ],
    writeReport: () => [
      fresh(),
      {
        title: 'a',
        description: 'b',
        entries: [{ name: 'a', result: knn }],
        training: [{ file: 'a.svg', caption: 'b', svg: '<svg/>' }],
      },
    ],
  };
}

/** Of everything else. */
export function functionSamples(scene: ApiScene): Samples {
  const { path, fresh, values, fittable, embedding, project, generated } = scene;
  const tokenizer = (): univar.WordPieceTokenizer => univar.WordPieceTokenizer.fromFile(path('checkpoint'));
  return {
    capabilities: () => [],
    buildIndex: (signal) => [
      values,
      { factory: 'HNSW4', metric: 'l2', efConstruction: 8, recall: 0.9, onChoice: nothing, ...call(signal) },
    ],
    compactDataset: (signal) => [values, { index: true, signal, events: { onRead: nothing } }],
    createTrainer: () => [
      {
        encoder: path('checkpoint'),
        logitScale: 50,
        mode: 'masked',
        learningRate: 1e-5,
        weightDecay: 0.01,
        maxGradNorm: 1,
        warmupSteps: 1,
        decay: 'linear',
        totalSteps: 5,
        precision: 'f32',
        pooling: 'mean',
        firstTrainedLayer: 0,
        memoryBudget: 1000,
        seed: 1,
      },
    ],
    describeSources: (signal) => [[path('answers.jsonl')], 'jsonl', signal],
    embedDataset: (signal) => [
      {
        ...embedding,
        out: fresh(),
        backend: 'native',
        precision: 'f32',
        maxTokens: 8,
        batchTokens: 64,
        dtype: 'f32',
        ...read,
        shardRows: 5,
        add: false,
        overwrite: false,
        signal,
        events: { onStart: nothing },
      },
    ],
    encodeQa: (signal) => [
      tokenizer(),
      ['w1', { question: 'w1', answer: 'w2' }],
      { maxTokens: 8, prepare: (text: string) => text, ...call(signal) },
    ],
    exportDataset: (signal) => [fittable, fresh(), { to: 'csv', vectors: false, ...call(signal) }],
    exportEncoder: (signal) => [
      path('encoder'),
      fresh(),
      { to: 'safetensors', singleFile: false, dtype: 'f32', signal },
    ],
    extractNgrams: (signal) => [['a', 'b'], { kind: 'words', orders: 2, limit: 5, ...call(signal) }],
    fitDataset: (signal) => [
      fittable,
      { ...fit, index: { factory: 'Flat', metric: 'l2' }, signal, events: { onProgress: nothing } },
    ],
    fitEncoder: (signal) => [fresh(), { ...fit, texts: answers.texts, valueIds: labels, ...call(signal) }],
    formatQa: () => [{ question: 'a', answer: 'b' }],
    generate: (signal) => [
      { ...project, out: path('generated') },
      {
        env: {},
        openEndpoint,
        until: 'scenarios',
        events: { onOpen: nothing },
        signal,
        firstPauseMs: 1,
      },
    ],
    infoNce: (signal) => [
      {
        query: matrix(2),
        key: matrix(2),
        dim: DIM,
        logitScale: 1,
        labels: Int32Array.of(1, 2),
        mode: 'masked',
        precision: 'f32',
        signal,
      },
    ],
    l2Normalize: (signal) => [matrix(2), { dim: DIM, out: new Float32Array(2 * DIM), signal }],
    labelRows: () => [['a', 'b']],
    loadEncoder: () => [path('encoder'), { maxTokens: 8, batchTokens: 64, backend: 'native', precision: 'f32' }],
    loadTokenizer: () => [path('checkpoint')],
    openCollection: (signal) => [
      path('embedded'),
      { fit: true, encoder: path('encoder'), backend: 'native', precision: 'f32', index: 'exact', signal },
    ],
    openDataset: () => [values, { verify: true }],
    openFit: () => [scene.dataset],
    planProject: () => [project, { scenarios: 3 }],
    plotTraining: () => [path('run')],
    pool: (signal) => [
      { hidden: matrix(3), offsets: Int32Array.of(0, 1, 3), dim: DIM, pooling: 'mean', ...call(signal) },
    ],
    readSides: (signal) => [
      {
        source: path('answers.jsonl'),
        by: 'model',
        names: [...new Set(records.map(({ model }) => model))],
        langs: [records[0]!.lang],
        encoder: path('encoder'),
        maxAnswers: 100,
        seed: 1,
        signal,
        onProgress: nothing,
      },
    ],
    readProject: () => [path('project.yaml')],
    readRecords: (signal) => [[path('answers.jsonl')], { ...read, batchSize: 5, signal }],
    rowFilter: () => [5, () => true],
    similarityTopK: (signal) => [
      { queries: matrix(2), base: matrix(), dim: DIM, k: 2, metric: 'ip', storage: 'f32', ...call(signal) },
    ],
    surveyRecords: (signal) => [[path('answers.jsonl')], { ...read, batchSize: 5, signal }],
    train: (signal) => [
      {
        data: [path('answers.jsonl')],
        encoder: path('checkpoint'),
        out: fresh(),
        read: { skipBad: false },
        steps: 1,
        epochs: 1,
        lambda: 1,
        maxTokens: 16,
        batchSize: 4,
        seed: 1,
        validateEvery: 0,
        checkpointEvery: 1,
        sampler: 'mixed',
        signal,
        events: { onStep: nothing },
      },
    ],
    trainingCurves: () => [path('run')],
    valueId: () => [{ model: 'a', lang: 'b' }],
    writeQualityReport: (signal) => [project, generated, signal],
    workCounters: () => [],
  };
}
