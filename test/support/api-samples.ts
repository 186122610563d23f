/** Valid arguments of everything that the package exports, for tests that make one of them wrong. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { EngineError } from '../../src/core/errors.js';
import { writeRandomEncoder } from '../../src/encoder/random-encoder.js';
import * as generation from '../../src/generation/index.js';
import * as univar from '../../src/index.js';
import { writeProject } from './generation-project.js';
import { toJsonl } from './records.js';
import { answers, writeTrainableEncoder } from './trainable-encoder.js';

const DIM = 4;
const ROWS = 12;
const nothing = (): void => undefined;

const records = answers(2, ROWS / 2);
const labels = records.map(({ model }) => model);
const groups = records.map(({ qid }) => qid);
const matrix = (rows = ROWS): Float32Array =>
  Float32Array.from({ length: rows * DIM }, (_, i) => Math.sin(i * i) + 0.1);

/** Arguments by export, and instances by class, over files in a folder. */
export interface ApiSamples {
  /** `name` for functions, `Class.method` for static methods, `Class#method` for others, `new Class`. */
  args: Record<string, () => unknown[]>;
  /** What methods are called on. */
  instances: Record<string, () => object | Promise<object>>;
  end: () => Promise<void>;
}

export async function makeApiSamples(folder: string): Promise<ApiSamples> {
  const path = (name: string): string => join(folder, name);
  let count = 0;
  const fresh = (): string => path(`fresh-${count++}`);
  writeFileSync(path('answers.jsonl'), toJsonl(records));
  writeTrainableEncoder(path('checkpoint'));
  await writeRandomEncoder(path('encoder'), { layers: 1, hidden: 32, seed: 1 });
  mkdirSync(path('run'));
  writeFileSync(path('run/metrics.jsonl'), '{"kind":"step","step":1,"loss":1,"learningRate":1}\n');
  const encoder = await univar.loadEncoder(path('encoder'));
  const description = { name: 'e', fingerprint: 'f', dim: DIM };
  const write = async (): Promise<univar.DatasetWriter> => {
    const writer = await univar.DatasetWriter.open(fresh(), { encoder: description });
    await writer.append(records, matrix());
    return writer;
  };
  const written = await write();
  const values = written.dir;
  await written.finish();
  const embedded = { inputs: [path('answers.jsonl')], out: path('embedded'), encoder: path('encoder') };
  await univar.embedDataset(embedded);
  const project = await generation.readProject(
    writeProject(folder, 'http://127.0.0.1:1/v1', {
      endpoints: {
        replay: { kind: 'chat', url: 'http://127.0.0.1:1/v1', retries: 0 },
        libre: { kind: 'libretranslate', url: 'http://127.0.0.1:1', retries: 0 },
      },
    }),
  );
  const summary = { out: project.out, stages: [], newCalls: 0, retries: 0, spentBy: [], spent: {}, qa: undefined };
  const data = { embeddings: matrix(), dim: DIM, labels, groups };
  const knn = await univar.evaluateKnn(data, { k: 1, bootstrapSamples: 0 });

  /** Ends what a large number makes long. */
  const signal = (): AbortSignal => AbortSignal.timeout(2000);
  const call = () => ({ signal: signal(), onProgress: nothing });
  const split = () => ({ split: 'row', testShare: 0.5, seed: 1, minPerId: 1, bootstrapSamples: 5, signal: signal() });
  const neighbours = () => ({ ...split(), k: 1, sweep: [1, 2] });
  const probe = () => ({ ...split(), epochs: 1, batchSize: 4, learningRate: 0.1, weightDecay: 0, onEpoch: nothing });
  const read = { columns: { answer: 'answer' }, defaults: { lang: 'eng' }, format: 'jsonl', skipBad: false };
  const dataset = () => ({
    dim: DIM,
    readEmbeddings: () => Promise.resolve(matrix()),
    readRecords: () => Promise.resolve(records),
  });
  const packed = () => ({ ids: Int32Array.of(1, 2, 3), offsets: Int32Array.of(0, 2, 3) });
  const batch = () => ({ query: packed(), key: packed(), labels: Int32Array.of(1, 2) });
  const table = () => ({
    url: 'postgres://a@127.0.0.1:1/c',
    table: 't',
    connections: 1,
    onNotice: nothing,
    signal: signal(),
  });
  const index = async (): Promise<univar.VectorIndex> => {
    const made = await univar.VectorIndex.create({ dim: DIM, factory: 'HNSW4', metric: 'l2' });
    await made.add(matrix());
    return made;
  };
  const tokenizer = (): univar.WordPieceTokenizer => univar.WordPieceTokenizer.fromFile(path('checkpoint'));

  const args: ApiSamples['args'] = {
    buildIndex: () => [values, { factory: 'HNSW4', metric: 'l2', efConstruction: 8, ...call() }],
    buildPgIndex: () => [values, { ...table(), factory: 'HNSW16', metric: 'l2', overwrite: false }],
    centroidDrift: () => {
      const set = (name: string) => ({ name, embeddings: matrix(2), questions: ['a', 'b'] });
      return [set('r'), set('t'), [set('c')], DIM, 5, 1];
    },
    compactDataset: () => [values, { index: true, signal: signal(), events: { onRead: nothing } }],
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
    describeSources: () => [[path('answers.jsonl')], 'jsonl', signal()],
    embedDataset: () => [
      {
        ...embedded,
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
        signal: signal(),
        events: { onStart: nothing },
      },
    ],
    encodeQa: () => [
      tokenizer(),
      ['w1', { question: 'w1', answer: 'w2' }],
      { maxTokens: 8, prepare: (text: string) => text, ...call() },
    ],
    evaluateDatasetKnn: () => [dataset(), { ...neighbours(), target: 'model' }],
    evaluateDatasetProbe: () => [dataset(), { ...probe(), target: 'model' }],
    evaluateDatasetTfidf: () => [dataset(), { ...neighbours(), target: 'model' }],
    evaluateKnn: () => [data, neighbours()],
    evaluateNeighbours: () => [
      { labels, groups },
      neighbours(),
      (_: Int32Array, test: Int32Array, k: number) =>
        Promise.resolve({ labels: new Int32Array(test.length * k), distances: new Float32Array(test.length * k), k }),
    ],
    evaluateProbe: () => [data, probe()],
    evaluateTfidf: () => [{ texts: records.map(({ answer }) => answer), labels, groups }, neighbours()],
    exportEncoder: () => [
      path('encoder'),
      fresh(),
      { to: 'safetensors', singleFile: false, dtype: 'f32', signal: signal() },
    ],
    formatQa: () => [{ question: 'a', answer: 'b' }],
    generate: () => [
      { ...project, out: fresh() },
      {
        env: {},
        openEndpoint: () => Promise.resolve(() => Promise.reject(new EngineError('ERR_REMOTE', 'It is down'))),
        until: 'scenarios',
        events: { onOpen: nothing },
        signal: signal(),
        firstPauseMs: 1,
      },
    ],
    infoNce: () => [
      {
        query: matrix(2),
        key: matrix(2),
        dim: DIM,
        logitScale: 1,
        labels: Int32Array.of(1, 2),
        mode: 'masked',
        precision: 'f32',
        signal: signal(),
      },
    ],
    l2Normalize: () => [matrix(2), { dim: DIM, out: new Float32Array(2 * DIM), signal: signal() }],
    labelRows: () => [['a', 'b']],
    loadEncoder: () => [path('encoder'), { maxTokens: 8, batchTokens: 64, backend: 'native', precision: 'f32' }],
    loadTokenizer: () => [path('checkpoint')],
    openCollection: () => [
      path('embedded'),
      { encoder: path('encoder'), backend: 'native', precision: 'f32', index: 'exact', signal: signal() },
    ],
    openDataset: () => [values, { verify: true }],
    openPgIndex: () => [values, table()],
    planProject: () => [project, { scenarios: 3 }],
    plotTraining: () => [path('run')],
    pool: () => [{ hidden: matrix(3), offsets: Int32Array.of(0, 1, 3), dim: DIM, pooling: 'mean', ...call() }],
    projectEmbeddings: () => [
      matrix(),
      {
        dim: DIM,
        method: 'pca',
        seed: 1,
        neighbours: 3,
        minDistance: 0.5,
        sample: Int32Array.of(0, 1, 2, 3),
        ...call(),
      },
    ],
    readProject: () => [path('project.yaml')],
    readRecords: () => [[path('answers.jsonl')], { ...read, batchSize: 5, signal: signal() }],
    rowFilter: () => [5, () => true],
    similarityTopK: () => [
      { queries: matrix(2), base: matrix(), dim: DIM, k: 2, metric: 'ip', storage: 'f32', ...call() },
    ],
    surveyRecords: () => [[path('answers.jsonl')], { ...read, batchSize: 5, signal: signal() }],
    train: () => [
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
        signal: signal(),
        events: { onStep: nothing },
      },
    ],
    trainingCurves: () => [path('run')],
    valueId: () => [{ model: 'a', lang: 'b' }],
    writeQualityReport: () => [project, summary, signal()],
    writeReport: () => [
      fresh(),
      {
        title: 'a',
        description: 'b',
        entries: [{ name: 'a', result: knn }],
        training: [{ file: 'a.svg', caption: 'b', svg: '<svg/>' }],
      },
    ],
    'Collection#count': () => [{ model: 'model-0' }],
    'Collection#identify': () => [['w1'], { k: 2, evidence: 1, filter: { model: ['model-0'] }, signal: signal() }],
    'Dataset#embeddingBatches': () => [3],
    'Dataset#openRecords': () => [{ rows: [0, 1], onLabels: nothing, signal: signal() }],
    'Dataset#readRecordsAt': () => [[0, 3]],
    'Dataset#readValueIds': () => [{ signal: signal() }],
    'Dataset#record': () => [0],
    'Dataset#shardRecordBlocks': () => [0],
    'DatasetWriter.open': () => [
      fresh(),
      {
        encoder: description,
        dtype: 'f32',
        sources: [{ file: 'a', bytes: 1, sha256: 'b' }],
        settings: { a: 1 },
        overwrite: false,
        add: false,
      },
    ],
    'DatasetWriter#append': () => [records.slice(0, 2), matrix(2)],
    'DatasetWriter#finish': () => [{ rejected: 1, duplicates: 1 }],
    'DatasetWriter#read': () => [0, new Float32Array(DIM)],
    'DuplicateCounter#add': () => [records[0]],
    'Encoder#encode': () => [['w1', { question: 'a', answer: 'b' }], call()],
    'PgVectorIndex.create': () => [
      { ...table(), dim: DIM, factory: 'HNSW16', metric: 'l2', overwrite: false },
      [{ vectors: matrix() }],
    ],
    'PgVectorIndex.open': () => [table()],
    'SimilarityBase.create': () => [{ base: matrix(), dim: DIM, metric: 'l2', storage: 'f32', signal: signal() }],
    'SimilarityBase#search': () => [matrix(2), { k: 3, ...call() }],
    'Trainer#backward': () => [batch(), call()],
    'Trainer#encode': () => [packed(), call()],
    'Trainer#save': () => [fresh()],
    'Trainer#step': () => [batch(), call()],
    'Trainer#tensors': () => ['parameters'],
    'ValueIdentifier#count': () => [{ model: 'model-0' }],
    'ValueIdentifier#identify': () => [
      matrix(2),
      { k: 2, efSearch: 8, filter: { model: ['model-0'], lang: 'eng' }, signal: signal() },
    ],
    'VectorIndex.create': () => [{ dim: DIM, factory: 'HNSW4', metric: 'l2', efConstruction: 8 }],
    'VectorIndex.fromBuffer': () => [Uint8Array.of(1, 2)],
    'VectorIndex.load': () => [path('index.faiss'), { mmap: false }],
    'VectorIndex#add': () => [matrix(), call()],
    'VectorIndex#rangeSearch': () => [matrix(2), { radius: 1, ...call() }],
    'VectorIndex#remove': () => [Int32Array.of(1)],
    'VectorIndex#reserve': () => [10],
    'VectorIndex#save': () => [fresh()],
    'VectorIndex#search': () => [matrix(2), { k: 2, efSearch: 8, ...call() }],
    'VectorIndex#train': () => [matrix(), call()],
    'WordPieceTokenizer.fromFile': () => [path('checkpoint')],
    'WordPieceTokenizer#encode': () => [['w1', 'w2'], { maxTokens: 5, ...call() }],
    'WordPieceTokenizer#idToToken': () => [1],
    'WordPieceTokenizer#tokenToId': () => ['w1'],
    'new ValueIdentifier': () => [{ valueIds: records.map(univar.valueId), embeddings: matrix(), dim: DIM }],
  };
  const instances: ApiSamples['instances'] = {
    Collection: () => univar.openCollection(path('embedded')),
    Dataset: () => univar.openDataset(values),
    DatasetWriter: write,
    DuplicateCounter: () => new univar.DuplicateCounter(),
    Encoder: () => encoder,
    SimilarityBase: () => univar.SimilarityBase.create({ base: matrix(), dim: DIM, metric: 'l2' }),
    Trainer: () => univar.createTrainer({ encoder: path('checkpoint') }),
    ValueIdentifier: () =>
      new univar.ValueIdentifier({ valueIds: records.map(univar.valueId), embeddings: matrix(), dim: DIM }),
    VectorIndex: index,
    WordPieceTokenizer: tokenizer,
  };
  return { args, instances, end: () => encoder.dispose() };
}
