/**
 * The schemas of all routes. They validate request bodies, give the handlers their types, and appear in the OpenAPI
 * document.
 */
import { Type } from 'typebox';

import { CLASSIFICATION, EXPLANATION } from './classification-schemas.js';
import { type Limits, MAX_EXPLAINED } from './limits.js';

const closed = { additionalProperties: false } as const;
/** Length of base64 for the widest vector that an index accepts, 65,536 float32. */
export const MAX_BASE64 = 349_528;
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
  const k = (description: string) => Type.Optional(Type.Integer({ minimum: 1, maximum: limits.k, description }));

  const vectors = Type.Array(
    Type.Union([
      Type.Array(Type.Number(), { minItems: 1, maxItems: MAX_DIM }),
      Type.String({ minLength: 1, maxLength: MAX_BASE64, description: 'base64 of little-endian float32' }),
    ]),
    {
      ...many,
      description: 'vectors of the encoder that /v1/models names; a classifier reads texts and cannot classify them',
    },
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
        description: 'HNSW: candidates that the search keeps (default: that of /v1/index)',
      }),
    ),
    nprobe: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_SETTING,
        description: 'IVF: lists to search (default: that of /v1/index)',
      }),
    ),
    rerank: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_SETTING,
        description:
          'Candidates to compare again, if the index re-ranks (default: that of /v1/index, at least twice k)',
      }),
    ),
    filter: Type.Optional(
      Type.Object(
        { model: names, lang: names, valueId: names },
        {
          ...closed,
          description:
            'restricts neighbours to rows that match one of the names in every field; an unknown name is refused',
        },
      ),
    ),
  };
  const record = { qid: name, question: text, answer: text, model: name, lang: name, group: Type.Optional(name) };
  const found = {
    k: Type.Integer({
      description: 'neighbours per query; fewer than requested if fewer rows match the filter',
    }),
    matching: Type.Optional(Type.Integer({ description: 'rows that match the filter, if there is one' })),
  };
  const answer = { qid: Type.String(), question: Type.String(), answer: Type.String() };
  const neighbour = { row, distance: Type.Number({ description: 'Euclidean distance' }), valueId: Type.String() };
  const ranked = Type.Object({
    valueId: Type.String(),
    model: Type.String(),
    lang: Type.String(),
    votes: Type.Integer(),
    share: Type.Number({ description: 'votes divided by the number of neighbours found' }),
    meanDistance: Type.Number(),
  });
  const index = Type.Object({
    dataset: Type.String({ description: 'name of its folder' }),
    encoder: Type.String({ description: 'encoder of the vectors that are searched' }),
    fitted: Type.Boolean({ description: 'whether it was fitted on the answers of the dataset' }),
    classifier: Type.Boolean({ description: 'whether the fit has a classifier, which gives probabilities' }),
    addedSinceFit: Type.Optional(
      Type.Integer({ description: 'answers that were added after the fit, if there is one' }),
    ),
    dim: Type.Integer(),
    factory: Type.String(),
    metric: Type.String(),
    selfRecall: Type.Number({
      description: 'share of sampled rows that a search for their own vector finds; below 0.99, rebuild the index',
    }),
    effort: Type.Object(
      {
        efSearch: Type.Optional(Type.Integer({ description: 'HNSW: candidates that the search keeps' })),
        nprobe: Type.Optional(Type.Integer({ description: 'IVF: lists to search' })),
        rerank: Type.Optional(Type.Integer({ description: 'Candidates to compare again, if the index re-ranks' })),
      },
      { description: 'searches of requests that do not set it' },
    ),
    recall: Type.Optional(
      Type.Object(
        {
          k: Type.Integer({ description: 'number of nearest rows to find' }),
          share: Type.Number({ description: 'mean share of them that was found for rows of the index' }),
          atLeast: Type.Number({
            description: 'share that is found at least for new answers, with a confidence of 95 %',
          }),
          sample: Type.Integer({ description: 'rows that were searched for' }),
        },
        { description: 'what these searches found when the index was built, against exact search, if it was measured' },
      ),
    ),
    readOnly: Type.Boolean(),
    rows: Type.Integer({ description: 'rows that can be found' }),
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
      body: Type.Object(
        {
          model: Type.Optional(
            Type.String({ maxLength: MAX_NAME, description: 'name of the encoder; see /v1/models' }),
          ),
          input: Type.Union([text, Type.Array(text, many)]),
          encoding_format: Type.Optional(Type.Union([Type.Literal('float'), Type.Literal('base64')])),
          dimensions: Type.Optional(Type.Integer({ minimum: 1, description: 'must be the width of the encoder' })),
          user: Type.Optional(Type.String({ maxLength: MAX_NAME, description: "as in OpenAI's API; ignored" })),
        },
        closed,
      ),
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
          k: k('number of nearest answers that vote (default: 50, or a third if there are fewer than 150)'),
          evidence: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: limits.k,
              description: 'number of nearest answers to return with their texts (default: 0)',
            }),
          ),
          candidates: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: limits.k,
              description: 'number of value ids to return in a classification (default: 10)',
            }),
          ),
          together: Type.Optional(
            Type.Boolean({
              description: 'whether to classify all texts together as well, as those of one author (default: false)',
            }),
          ),
          why: Type.Optional(
            Type.Boolean({
              description:
                `whether to return the phrases of each text (at most ${MAX_EXPLAINED} texts) that speak most for and ` +
                'against the first value id of the text or, with "together", of all texts (default: false)',
            }),
          ),
        },
        closed,
      ),
      answer: Type.Object({
        ...found,
        together: Type.Optional(CLASSIFICATION),
        results: Type.Array(
          Type.Object({
            classification: Type.Optional(CLASSIFICATION),
            why: Type.Optional(EXPLANATION),
            ranking: Type.Array(ranked, { description: 'value ids by votes of the neighbours' }),
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
          k: k('number of nearest answers (default: 10, or all if there are fewer)'),
          answers: Type.Optional(Type.Boolean({ description: 'whether to return their texts (default: false)' })),
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
        {
          records: Type.Array(Type.Object(record, closed), many),
          vectors: Type.Optional({ ...vectors, description: 'only if the dataset has no fit' }),
        },
        closed,
      ),
      answer: Type.Object({
        rows: Type.Array(row, { description: 'the row of each record' }),
        size: Type.Integer({ description: 'rows that can be found' }),
      }),
    },
    remove: {
      body: Type.Object({ rows: Type.Array(row, many) }, closed),
      answer: Type.Object({ removed: Type.Integer({ description: 'rows that existed' }), size: Type.Integer() }),
    },
    nothing: Type.Object({}, closed),
  };
}
