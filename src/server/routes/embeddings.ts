import { EngineError } from '../../core/errors.js';
import { vectorsToBase64 } from '../../core/vector-base64.js';
import { ApiError } from '../api-error.js';
import type { App, Service } from '../service.js';

/** Adds `POST /v1/embeddings` and `GET /v1/models`, as in OpenAI's API. */
export function addEmbeddingRoutes(app: App, service: Service): void {
  const { encoders, schemas } = service;
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
    (request) =>
      encoders.use(async (encoder) => {
        const { model = encoder.name, input, encoding_format = 'float', dimensions = encoder.dim } = request.body;
        if (model !== encoder.name)
          throw new ApiError('model_not_found', `This server has the encoder "${encoder.name}", not "${model}"`);
        if (dimensions !== encoder.dim)
          throw new EngineError(
            'ERR_ARG_RANGE',
            `Expected ${encoder.dim}, the width of ${encoder.name}, for "dimensions", got ${dimensions}`,
          );
        const texts = typeof input === 'string' ? [input] : input;
        request.work.texts = texts.length;
        const { embeddings, tokens } = await encoders.encode(encoder, texts, request.gone);
        const data = texts.map((_, index) => {
          const row = embeddings.subarray(index * encoder.dim, (index + 1) * encoder.dim);
          return {
            object: 'embedding' as const,
            index,
            embedding: encoding_format === 'base64' ? vectorsToBase64(row) : Array.from(row),
          };
        });
        return {
          object: 'list' as const,
          data,
          model: encoder.name,
          usage: { prompt_tokens: tokens, total_tokens: tokens },
        };
      }),
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
