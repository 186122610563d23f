/** Valid arguments of the methods of what the package exports, and what they are called on. */
import * as univar from '../../src/index.js';
import { PgVectorIndex } from '../../src/pgvector.js';
import type { Arguments, Instances } from './api-calls.js';
import { type ApiScene, DIM, matrix, nothing, records } from './api-scene.js';

type Samples = Record<string, Arguments>;

const call = (signal: AbortSignal) => ({ signal, onProgress: nothing });
const packed = () => ({ ids: Int32Array.of(1, 2, 3), offsets: Int32Array.of(0, 2, 3) });
const batch = () => ({ query: packed(), key: packed(), labels: Int32Array.of(1, 2) });
const valueIds = records.map(univar.valueId);

export function methodSamples(scene: ApiScene): Samples {
  const { path, fresh, description, indexBytes } = scene;
  return {
    'Collection#classify': (signal) => [['w1', 'w2'], { together: true, filter: { model: ['model-0'] }, signal }],
    'Collection#count': () => [{ model: 'model-0' }],
    'Collection#identify': (signal) => [['w1'], { k: 2, evidence: 1, filter: { model: ['model-0'] }, signal }],
    'Collection#explain': (signal) => ['w1 w2', univar.valueId(records[0]!), { signal }],
    'Dataset#embeddingBatches': () => [3],
    'Dataset#openRecords': (signal) => [{ rows: [0, 1], onLabels: nothing, signal }],
    'Dataset#readRecordsAt': () => [[0, 3]],
    'Dataset#readValueIds': (signal) => [{ signal }],
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
    'Encoder#encode': (signal) => [['w1', { question: 'a', answer: 'b' }], call(signal)],
    'SimilarityBase.create': (signal) => [{ base: matrix(), dim: DIM, metric: 'l2', storage: 'f32', signal }],
    'SimilarityBase#search': (signal) => [matrix(2), { k: 3, ...call(signal) }],
    'Trainer#backward': (signal) => [batch(), call(signal)],
    'Trainer#encode': (signal) => [packed(), call(signal)],
    'Trainer#save': () => [fresh()],
    'Trainer#step': (signal) => [batch(), call(signal)],
    'ValueIdentifier#count': () => [{ model: 'model-0' }],
    'ValueIdentifier#identify': (signal) => [
      matrix(2),
      { k: 2, efSearch: 8, filter: { model: ['model-0'], lang: 'eng' }, signal },
    ],
    'VectorIndex.create': () => [{ dim: DIM, factory: 'HNSW4', metric: 'l2', efConstruction: 8 }],
    'VectorIndex.fromBuffer': () => [indexBytes],
    'VectorIndex.load': () => [path('index.faiss'), { map: false }],
    'VectorIndex#add': (signal) => [matrix(), call(signal)],
    'VectorIndex#rangeSearch': (signal) => [matrix(2), { radius: 1, ...call(signal) }],
    'VectorIndex#remove': () => [Int32Array.of(1)],
    'VectorIndex#reserve': () => [10],
    'VectorIndex#selfRecall': (signal) => [{ sample: 5, signal }],
    'VectorIndex#save': () => [fresh()],
    'VectorIndex#search': (signal) => [matrix(2), { k: 2, efSearch: 8, ...call(signal) }],
    'VectorIndex#searchSync': () => [matrix(2), { k: 2, efSearch: 8 }],
    'VectorIndex#train': (signal) => [matrix(), call(signal)],
    'WordPieceTokenizer.fromFile': () => [path('checkpoint')],
    'WordPieceTokenizer#encode': (signal) => [['w1', 'w2'], { maxTokens: 5, ...call(signal) }],
    'WordPieceTokenizer#idToToken': () => [1],
    'WordPieceTokenizer#tokenToId': () => ['w1'],
    'RecordLookup#read': () => [1],
    'ShardReader#read': () => [1, new Float32Array(DIM)],
    'Collection#dispose': () => [],
    'Dataset#readEmbeddings': () => [],
    'Dataset#records': () => [],
    'Dataset#readRecords': () => [],
    'Dataset#recordBlocks': () => [],
    'Dataset#openEmbeddings': () => [],
    'DatasetWriter#close': () => [],
    'Encoder#dispose': () => [],
    'RecordLookup#close': () => [],
    'ShardReader#close': () => [],
    'SimilarityBase#dispose': () => [],
    'Trainer#dispose': () => [],
    'VectorIndex#toBuffer': () => [],
    'VectorIndex#dispose': () => [],
    'WordPieceTokenizer#dispose': () => [],
    'new DuplicateCounter': () => [],
    'new ValueIdentifier': () => [{ valueIds, embeddings: matrix(), dim: DIM, effort: { efSearch: 64, rerank: 100 } }],
  };
}

/** Of everything about PostgreSQL. */
export function postgresSamples({ values, table, freshTable }: ApiScene): Samples {
  return {
    'PgVectorIndex#add': (signal) => [matrix(2), { valueIds: ['a$b', 'c$d'], ...call(signal) }],
    'PgVectorIndex#remove': (signal) => [Int32Array.of(1), { signal }],
    'PgVectorIndex#search': (signal) => [matrix(2), { k: 2, efSearch: 40, filter: { model: [] }, ...call(signal) }],
    'PgVectorIndex#selfRecall': (signal) => [{ sample: 5, ...call(signal) }],
    'PgVectorIndex.create': (signal) => [
      {
        ...{ ...table, ...call(signal), table: freshTable(), dim: DIM, factory: 'HNSW16', metric: 'l2' },
        ...{ shards: [], overwrite: false },
      },
      [{ vectors: matrix() }],
    ],
    'PgVectorIndex.open': (signal) => [{ ...table, connections: 1, onNotice: nothing, signal }],
    buildPgIndex: (signal) => [
      values,
      { ...table, ...call(signal), table: freshTable(), factory: 'HNSW16', metric: 'l2', overwrite: false },
    ],
    openPgIndex: (signal) => [values, { ...table, connections: 1, onNotice: nothing, signal }],
    'PgVectorIndex#dispose': () => [],
  };
}

export function apiInstances(scene: ApiScene): Instances {
  const { path, values, writer, index, changedTable, embedding } = scene;
  const dataset = (): Promise<univar.Dataset> => univar.openDataset(values);
  return {
    Collection: () => univar.openCollection(embedding.out),
    Dataset: dataset,
    DatasetWriter: writer,
    DuplicateCounter: () => new univar.DuplicateCounter(),
    Encoder: () => univar.loadEncoder(path('encoder')),
    RecordLookup: async () => (await dataset()).openRecords(),
    ShardReader: async () => (await dataset()).openEmbeddings(),
    SimilarityBase: () => univar.SimilarityBase.create({ base: matrix(), dim: DIM, metric: 'l2' }),
    Trainer: () => univar.createTrainer({ encoder: path('checkpoint') }),
    ValueIdentifier: () => new univar.ValueIdentifier({ valueIds, embeddings: matrix(), dim: DIM }),
    VectorIndex: index,
    WordPieceTokenizer: () => univar.WordPieceTokenizer.fromFile(path('checkpoint')),
    ...(changedTable && { PgVectorIndex: () => PgVectorIndex.open(changedTable) }),
  };
}
