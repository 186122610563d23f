/**
 * The schemas of all routes: what bodies are checked against, what the types of the handlers come from, and what the
 * OpenAPI document shows.
 */
import { Type } from 'typebox';

import type { Limits } from './limits.js';

const closed = { additionalProperties: false } as const;
/** Base64 of the widest vector that an index takes, 65,536 float32. */
const MAX_BASE64 = 349_528;
const MAX_DIM = 65_536;
const MAX_ROW = 2 ** 31 - 1;
const MAX_SETTING = 2 ** 24;
const MAX_NAME = 256;
/** Names in one field of a filter. */
const MAX_NAMES = 1000;

export type Schemas = ReturnType<typeof createSchemas>;

export function createSchemas(limits: Limits) {
  const text = Type.String({ minLength: 1, maxLength: limits.textLength });
  const many = { minItems: 1, maxItems: limits.texts };
  const name = Type.String({ minLength: 1, maxLength: MAX_NAME });
  const row = Type.Integer({ minimum: 0, maximum: MAX_ROW });

  const vectors = Type.Array(
    Type.Union([
      Type.Array(Type.Number(), { minItems: 1, maxItems: MAX_DIM }),
      Type.String({ minLength: 1, maxLength: MAX_BASE64, description: 'base64 of little-endian float32' }),
    ]),
    { ...many, description: 'vectors of the encoder of the dataset' },
  );
  const names = Type.Optional(Type.Union([name, Type.Array(name, { minItems: 1, maxItems: MAX_NAMES })]));
  const query = {
    texts: Type.Optional(
      Type.Array(Type.Union([text, Type.Object({ question: text, answer: text }, closed)]), {
        ...many,
        description: 'texts, or questions with answers, which are embedded as "Q: ... A: ..."',
      }),
    ),
    vectors: Type.Optional(vectors),
    efSearch: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_SETTING,
        description: 'HNSW: candidates that the search keeps (default: 128)',
      }),
    ),
    nprobe: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_SETTING, description: 'IVF: lists that are searched (default: 16)' }),
    ),
    filter: Type.Optional(
      Type.Object(
        { model: names, lang: names, valueId: names },
        {
          ...closed,
          description:
            'only rows that have one of the names of every field given can be neighbours; an unknown name is refused',
        },
      ),
    ),
  };
  const record = { qid: name, question: text, answer: text, model: name, lang: name, group: Type.Optional(name) };
  const found = {
    k: Type.Integer({
      description: 'neighbours that were looked for; fewer than asked for where a filter leaves fewer',
    }),
    matching: Type.Optional(Type.Integer({ description: 'rows that the filter leaves, where one was given' })),
  };
  const answer = { qid: Type.String(), question: Type.String(), answer: Type.String() };
  const neighbour = { row, distance: Type.Number({ description: 'Euclidean' }), valueId: Type.String() };
  const ranked = Type.Object({
    valueId: Type.String(),
    model: Type.String(),
    lang: Type.String(),
    votes: Type.Integer(),
    share: Type.Number({ description: 'votes divided by the neighbours found' }),
    meanDistance: Type.Number(),
  });
  const index = Type.Object({
    dataset: Type.String(),
    encoder: Type.String(),
    dim: Type.Integer(),
    factory: Type.String(),
    metric: Type.String(),
    readOnly: Type.Boolean(),
    rows: Type.Integer({ description: 'that can be found' }),
    added: Type.Integer(),
    removed: Type.Integer(),
    bytes: Type.Integer(),
  });

  return {
    error: Type.Object({
      error: Type.Object({
        message: Type.String(),
        type: Type.String(),
        code: Type.String(),
        param: Type.Union([Type.String(), Type.Null()]),
      }),
    }),
    embeddings: {
      // Clients send more than this server knows, so unknown keys pass here and nowhere else.
      body: Type.Object({
        model: Type.Optional(Type.String({ maxLength: MAX_NAME, description: 'name of the encoder; see /v1/models' })),
        input: Type.Union([text, Type.Array(text, many)]),
        encoding_format: Type.Optional(Type.Union([Type.Literal('float'), Type.Literal('base64')])),
        dimensions: Type.Optional(Type.Integer({ minimum: 1, description: 'if given, that of the encoder' })),
      }),
      answer: Type.Object({
        object: Type.Literal('list'),
        data: Type.Array(
          Type.Object({
            object: Type.Literal('embedding'),
            index: Type.Integer(),
            embedding: Type.Union([Type.Array(Type.Number()), Type.String()]),
          }),
        ),
        model: Type.String(),
        usage: Type.Object({ prompt_tokens: Type.Integer(), total_tokens: Type.Integer() }),
      }),
    },
    models: Type.Object({
      object: Type.Literal('list'),
      data: Type.Array(
        Type.Object({
          id: Type.String(),
          object: Type.Literal('model'),
          created: Type.Integer(),
          owned_by: Type.String(),
        }),
      ),
    }),
    identify: {
      body: Type.Object(
        {
          ...query,
          k: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: limits.k,
              description: 'nearest answers that vote (default: 50, or all where there are fewer)',
            }),
          ),
          evidence: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: limits.k,
              description: 'of the nearest answers, how many to give in words (default: 3)',
            }),
          ),
        },
        closed,
      ),
      answer: Type.Object({
        ...found,
        results: Type.Array(
          Type.Object({
            ranking: Type.Array(ranked),
            neighbours: Type.Array(Type.Object(neighbour)),
            evidence: Type.Array(Type.Object({ ...neighbour, ...answer })),
          }),
        ),
      }),
    },
    search: {
      body: Type.Object(
        {
          ...query,
          k: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: limits.k,
              description: 'nearest answers to give (default: 10, or all where there are fewer)',
            }),
          ),
          answers: Type.Optional(Type.Boolean({ description: 'with the answers in words (default: true)' })),
        },
        closed,
      ),
      answer: Type.Object({
        ...found,
        results: Type.Array(
          Type.Object({
            neighbours: Type.Array(Type.Object({ ...neighbour, ...Type.Partial(Type.Object(answer)).properties })),
          }),
        ),
      }),
    },
    index,
    add: {
      body: Type.Object(
        { records: Type.Array(Type.Object(record, closed), many), vectors: Type.Optional(vectors) },
        closed,
      ),
      answer: Type.Object({
        rows: Type.Array(row, { description: 'the row of each record' }),
        size: Type.Integer({ description: 'rows that can be found' }),
      }),
    },
    remove: {
      body: Type.Object({ rows: Type.Array(row, many) }, closed),
      answer: Type.Object({ removed: Type.Integer({ description: 'rows that were there' }), size: Type.Integer() }),
    },
    nothing: Type.Object({}, closed),
  };
}
