/** A feature that needs npm packages which not everyone needs. */
export interface OptionalFeature {
  /** The feature, as the singular subject of a sentence. */
  purpose: string;
  /** Names of the packages, which are optional peers in package.json. */
  packages: readonly string[];
}

export const OPTIONAL_FEATURES = {
  onnx: { purpose: 'The onnx backend', packages: ['onnxruntime-node'] },
  tokenizers: { purpose: 'A tokenizer other than WordPiece', packages: ['tokenizers'] },
  png: { purpose: 'A map as PNG', packages: ['@napi-rs/canvas'] },
  server: {
    purpose: 'The HTTP server',
    packages: ['fastify', '@fastify/rate-limit', '@fastify/swagger', 'typebox', 'prom-client'],
  },
  textSearch: { purpose: 'Search in texts', packages: ['node-sqlite3-wasm'] },
  queue: { purpose: 'A queue in Redis', packages: ['bullmq', 'ioredis'] },
  postgres: { purpose: 'An index in PostgreSQL', packages: ['pg', 'pg-copy-streams'] },
  generation: { purpose: 'Generating a corpus', packages: ['openai', 'p-queue', 'yaml', 'zod'] },
  languages: { purpose: 'The language check', packages: ['eld'] },
} as const satisfies Record<string, OptionalFeature>;
