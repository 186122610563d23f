import { basename } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { DEFAULT_K } from '../../identification/value-identifier.js';
import type { QaRecord } from '../../records/record.js';
import { expectFields } from '../../records/record-fields.js';
import { toMatrix } from '../query-vectors.js';
import { type App, requireLive, requireWritable, type Service } from '../service.js';

/** Bytes of `{}` with much white space. */
const NO_BODY = 1024;
/** A row number of ten digits on a line of its own. */
const BYTES_PER_ROW = 32;

/** Adds `GET`, `POST` and `DELETE /v1/index`, and `POST /v1/admin/reload`. */
export function addIndexRoutes(app: App, service: Service): void {
  const { schemas, encoders, metrics, limits } = service;
  const errors = { '4xx': schemas.error };

  app.get(
    '/v1/index',
    {
      schema: {
        summary: 'Describes the dataset and its index',
        tags: ['index'],
        response: { 200: schemas.index, ...errors },
      },
    },
    () => describe(service),
  );

  app.post(
    '/v1/index',
    {
      config: { role: 'write' },
      schema: {
        summary: 'Adds answers, and saves them to disk before it responds',
        tags: ['index'],
        body: schemas.add.body,
        response: { 201: schemas.add.answer, ...errors },
      },
    },
    async (request, reply) => {
      const live = requireWritable(service);
      const { vectors: given } = request.body;
      const { languages } = live.current;
      request.work.texts = request.body.records.length;
      const records: QaRecord[] = request.body.records.map((record, i) => {
        expectFields(record, `records[${i}]`, languages);
        return { ...record, lang: languages.spell(record.lang)! };
      });
      if (given && given.length !== records.length) {
        throw new EngineError(
          'ERR_SHAPE_MISMATCH',
          `Expected ${records.length} vectors, one per record, for "vectors", got ${given.length}`,
        );
      }
      const { dataset, fit, ownEncoder } = live.current;
      if (given && fit) {
        throw new EngineError(
          'ERR_ARG_TYPE',
          'Expected no "vectors", because the dataset has a fit and the server encodes the answers; omit "vectors"',
        );
      }
      const vectors = given
        ? toMatrix(given, dataset.dim)
        : (await encoders.encode(ownEncoder!, records, request.gone)).embeddings; // loaded unless read-only
      const first = await live.add(records, vectors);
      metrics.countChange('added', records.length);
      return reply.code(201).send({ rows: records.map((_, i) => first + i), size: live.current.size });
    },
  );

  app.delete(
    '/v1/index',
    {
      config: { role: 'write' },
      bodyLimit: Math.min(limits.bodyBytes, NO_BODY + BYTES_PER_ROW * limits.texts),
      schema: {
        summary: 'Removes rows; ignores rows that do not exist',
        tags: ['index'],
        body: schemas.remove.body,
        response: { 200: schemas.remove.answer, ...errors },
      },
    },
    async (request) => {
      const live = requireWritable(service);
      const removed = await live.remove(request.body.rows);
      metrics.countChange('removed', removed);
      return { removed, size: live.current.size };
    },
  );

  app.post(
    '/v1/admin/reload',
    {
      config: { role: 'admin' },
      bodyLimit: NO_BODY,
      schema: {
        summary: 'Reloads the dataset and the index without interrupting the service',
        tags: ['admin'],
        body: schemas.nothing,
        response: { 200: schemas.index, ...errors },
      },
    },
    async (request) => {
      await requireLive(service).reload();
      request.log.info('index reloaded');
      return describe(service);
    },
  );
}

async function describe(service: Service) {
  const live = requireLive(service);
  const selfRecall = await live.use((collection) => collection.selfRecall());
  const { current } = live;
  const { dataset, encoder, fit, classifier, index, recall, dim, size, added, removed } = current;
  const { factory, metric, bytes } = index;
  return {
    dataset: basename(dataset.dir), // clients do not need to know the folders of the server
    encoder: encoder.name,
    fitted: fit !== undefined,
    classifier: classifier !== undefined,
    ...(fit && { addedSinceFit: fit.addedSinceFit + added }),
    dim,
    factory,
    metric,
    selfRecall,
    effort: current.effort(Math.max(1, Math.min(DEFAULT_K, size))),
    ...(recall && { recall }),
    readOnly: live.readOnly,
    rows: size,
    added,
    removed,
    bytes,
  };
}
