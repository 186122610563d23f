import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyReply, type FastifyRequest, LogController } from 'fastify';

import { PACKAGE } from '../core/package-files.js';
import { ApiError } from './api-error.js';
import { addBodyParsers } from './body-parsers.js';
import { answerBrokenRequest, sendError } from './error-answer.js';
import { type Access, addHooks, isApi, type LogOptions } from './hooks.js';
import { addEmbeddingRoutes } from './routes/embeddings.js';
import { addExploreRoutes } from './routes/explore/index.js';
import { addIdentifyRoutes } from './routes/identify.js';
import { addIndexRoutes } from './routes/index-rows.js';
import { addOperationRoutes } from './routes/operations.js';
import type { App, Service } from './service.js';

/** Time for a complete request to arrive, so that a client that sends one byte at a time cannot hold its connection. */
const REQUEST_TIMEOUT_MS = 60_000;
const MINUTE_MS = 60_000;

/** Creates the server with all routes and with their common hooks. It does not listen yet. */
export async function createApp(service: Service, access: Access, log: LogOptions): Promise<App> {
  const { limits } = service;
  const { keys } = access;
  const app = fastify({
    logger: { level: log.level, stream: log.stream },
    logController: new LogController({ disableRequestLogging: true }), // the hook below logs one line per request
    bodyLimit: limits.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    http: { requireHostHeader: false }, // AllowedHosts refuses such requests, in the common form
    return503OnClosing: false, // the hook below sends an error in the common form
    // Refuse wrong types instead of converting them. Lengths of texts are in UTF-16 units, because counting characters
    // takes longer than parsing; ajv calls that option deprecated, hence no logger.
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, unicode: false, logger: false },
    },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) =>
      sendError(error, request as unknown as FastifyRequest, reply as unknown as FastifyReply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  // Schemas only describe responses; the types of the handlers ensure that responses are correct.
  app.setSerializerCompiler(() => JSON.stringify);
  // Node would refuse headers "Expect" that it does not know, without a body. They ask for nothing that matters here.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  // After a request to switch protocols, Node does not report a next request on the connection that it cannot parse.
  app.server.prependListener('request', ({ headers }, response) => {
    if (headers.upgrade !== undefined) response.shouldKeepAlive = false;
  });
  addBodyParsers(app, service);
  app.setErrorHandler(sendError);
  app.decorateRequest('work', null as unknown as FastifyRequest['work']);
  app.decorateRequest('key', undefined);
  app.decorateRequest('held', null as unknown as FastifyRequest['held']);
  app.decorateRequest('packed', undefined);
  app.decorateRequest('gone', null as unknown as AbortSignal);
  addHooks(app, service, access, log);

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'univar', version: PACKAGE.version, description: 'Whose values does a text express?' },
      ...(keys && {
        components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
        security: [{ key: [] }],
      }),
    },
  });
  if (limits.perMinute > 0) {
    await app.register(rateLimit, {
      max: limits.perMinute,
      timeWindow: MINUTE_MS,
      keyGenerator: ({ key, ip }) => (key === undefined ? ip : `key ${key.index}`),
      allowList: (request) => !isApi(request),
      errorResponseBuilder: (_, { ttl, max }) =>
        new ApiError('rate_limited', `Expected at most ${max} requests per minute`, Math.ceil(ttl / 1000)),
    });
  }
  addEmbeddingRoutes(app, service);
  addIdentifyRoutes(app, service);
  addIndexRoutes(app, service);
  addOperationRoutes(app, service);
  if (service.exploration) await addExploreRoutes(app, service, service.exploration);
  await app.ready();
  return app;
}
