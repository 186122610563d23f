import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyReply, type FastifyRequest, LogController } from 'fastify';

import { PACKAGE_VERSION } from '../core/package-version.js';
import type { AllowedHosts } from './allowed-hosts.js';
import { ApiError } from './api-error.js';
import type { ApiKeys } from './api-keys.js';
import { answerBrokenRequest, sendError } from './error-answer.js';
import { OverloadedError } from './overloaded-error.js';
import { addEmbeddingRoutes } from './routes/embeddings.js';
import { addIdentifyRoutes } from './routes/identify.js';
import { addIndexRoutes } from './routes/index-rows.js';
import { addOperationRoutes } from './routes/operations.js';
import type { App, Service } from './service.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Amount of work in the request, for the log. */
    work: { texts: number; vectors: number };
    /** Index of its API key. */
    key: number | undefined;
    /** Fires if the client disconnects before the response. */
    gone: AbortSignal;
  }
}

export interface LogOptions {
  level: string;
  /** Receives JSON lines. */
  stream: { write(line: string): void };
  /** Whether to log request bodies, including their texts. */
  texts: boolean;
}

/** Time for a complete request to arrive, so that a client that sends one byte at a time cannot hold its connection. */
const REQUEST_TIMEOUT_MS = 60_000;
const MINUTE_MS = 60_000;
const CLIENT_GONE = 499;

/** Who can use the server. */
export interface Access {
  hosts: AllowedHosts;
  /** Undefined: everybody who can reach the server. */
  keys: ApiKeys | undefined;
}

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
    // Refuse wrong types instead of converting them.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) =>
      sendError(error, request as unknown as FastifyRequest, reply as unknown as FastifyReply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  // Schemas only describe responses; the types of the handlers ensure that responses are correct.
  app.setSerializerCompiler(() => JSON.stringify);
  // Pages of other sites can send text/plain without a preflight request.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler(sendError);
  app.decorateRequest('work', null as unknown as FastifyRequest['work']);
  app.decorateRequest('key', undefined);
  app.decorateRequest('gone', null as unknown as AbortSignal);
  addHooks(app, service, access, log);

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'univar', version: PACKAGE_VERSION, description: 'Whose values does a text express?' },
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
      keyGenerator: ({ key, ip }) => (key === undefined ? ip : `key ${key}`),
      allowList: (request) => !isApi(request),
      errorResponseBuilder: (_, { ttl, max }) =>
        new ApiError('rate_limited', `Expected at most ${max} requests per minute`, Math.ceil(ttl / 1000)),
    });
  }
  app.setNotFoundHandler((request) => {
    throw new ApiError(
      'not_found',
      `There is no ${request.method} ${request.url.split('?')[0]!.slice(0, 100)}; see /openapi.json`,
    );
  });
  addEmbeddingRoutes(app, service);
  addIdentifyRoutes(app, service);
  addIndexRoutes(app, service);
  addOperationRoutes(app, service);
  await app.ready();
  return app;
}

/**
 * Returns whether a request needs a key and counts towards limits: all but health, the page and the OpenAPI document.
 * It checks the route and not the URL, which can be written in many ways: `/%761/...` is `/v1/...`.
 */
function isApi({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url?.startsWith('/v1/') ?? false;
}

function addHooks(app: App, service: Service, { hosts, keys }: Access, log: LogOptions): void {
  const { limits, metrics } = service;
  app.addHook('onRequest', async (request, reply) => {
    const leaving = new AbortController();
    request.work = { texts: 0, vectors: 0 };
    // Not fastify's request.signal, which fires as soon as the body has been read.
    request.gone = leaving.signal;
    metrics.countInFlight(1);
    // Not the hook onResponse, which is not called if the client has disconnected.
    reply.raw.once('close', () => {
      const hasGone = !reply.raw.writableFinished;
      metrics.countInFlight(-1);
      record(request, reply, hasGone ? CLIENT_GONE : reply.statusCode, service, log);
      if (hasGone) leaving.abort();
    });
    hosts.expect(request.raw);
    if (keys && (isApi(request) || request.routeOptions.url === '/metrics')) {
      request.key = keys.find(request.headers.authorization);
      if (request.key === undefined)
        throw new ApiError(
          'invalid_api_key',
          'Expected the header "Authorization: Bearer KEY" with a key of this server',
        );
    }
    if (!isApi(request)) return;
    if (service.state === 'closing') throw new ApiError('draining', 'The server is shutting down', 1);
    // Browsers send it. A page at another port of this machine is of the same site, but not of the same origin.
    if (!['same-origin', 'none'].includes(request.headers['sec-fetch-site'] ?? 'none'))
      throw new ApiError('cross_site', 'Pages of other sites cannot use this server');
    if (metrics.inFlight > limits.requests) throw new OverloadedError('Too many concurrent requests', 1);
  });
  app.addHook('onSend', async (_, reply) => {
    // A connection that is kept alive would prevent the server from stopping.
    if (service.state !== 'serving') void reply.header('connection', 'close');
  });
}

/** Records a request in the log and the metrics. */
function record(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  { metrics }: Service,
  log: LogOptions,
): void {
  const { method, work, key } = request;
  const route = request.routeOptions.url ?? 'none';
  const ms = Math.round(reply.elapsedTime * 10) / 10;
  metrics.observeRequest(method, route, status, ms / 1000);
  request.log.info(
    { method, route, status, ms, ...work, ...(key !== undefined && { key }), ...(log.texts && { body: request.body }) },
    'answered',
  );
}
