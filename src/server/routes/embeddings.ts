import type { Static } from 'typebox';

import { EngineError } from '../../core/errors.js';
import { vectorsToBase64 } from '../../core/vector-base64.js';
import { ApiError } from '../api-error.js';
import { sendJson, writeJson } from '../json-response.js';
import type { App, Service } from '../service.js';

/** Adds `POST /v1/embeddings` and `GET /v1/models`, as in OpenAI's API. */
export function addEmbeddingRoutes(app: App, service: Service): void {
  const { encoders, schemas, limits } = service;
  const { body, answer } = schemas.embeddings;

  app.post(
    '/v1/embeddings',
    {
      schema: {
        summary: "Embeds texts, in OpenAI's format",
        tags: ['encoder'],
        body,
        response: { 200: answer, '4xx': schemas.error },
      },
    },
    async (request, reply) => {
      const pieces = await encoders.use(async (encoder) => {
        const { model = encoder.name, input, encoding_format = 'float', dimensions = encoder.dim } = request.body;
        const { dim } = encoder;
        if (model !== encoder.name)
          throw new ApiError('model_not_found', `This server has the encoder "${encoder.name}", not "${model}"`);
        if (dimensions !== dim)
          throw new EngineError(
            'ERR_ARG_RANGE',
            `Expected ${dim}, the width of ${encoder.name}, for "dimensions", got ${dimensions}`,
          );
        const texts = typeof input === 'string' ? [input] : input;
        request.work.texts = texts.length;
        request.held.add(texts.length * dim * Float32Array.BYTES_PER_ELEMENT);
        const { embeddings, tokens } = await encoders.encode(encoder, texts, request.gone);
        function* data() {
          for (let index = 0; index < texts.length; index++) {
            const row = embeddings.subarray(index * dim, (index + 1) * dim);
            const embedding = encoding_format === 'base64' ? vectorsToBase64(row) : Array.from(row);
            yield { object: 'embedding' as const, index, embedding };
          }
        }
        const usage = { prompt_tokens: tokens, total_tokens: tokens };
        const list = { object: 'list' as const, data: data(), model: encoder.name, usage };
        return writeJson<Static<typeof answer>>(list, request, limits);
      });
      return sendJson(reply, pieces, limits);
    },
  );

  app.get(
    '/v1/models',
    { schema: { summary: 'Describes the encoder', tags: ['encoder'], response: { 200: schemas.models } } },
    () => ({
      object: 'list' as const,
      data: [{ id: encoders.current.name, object: 'model' as const, created: 0, owned_by: 'univar' }],
    }),
  );
}
