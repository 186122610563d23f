import type { FastifyReply, FastifyRequest } from 'fastify';

import type { AllowedHosts } from './allowed-hosts.js';
import { ApiError } from './api-error.js';
import { type ApiKeys, includesRole, type KnownKey, type Role } from './api-keys.js';
import type { HeldBytes } from './byte-budget.js';
import { Logins } from './logins.js';
import { OverloadedError } from './overloaded-error.js';
import type { App, Service } from './service.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Amount of work in the request, for the log. */
    work: { texts: number; vectors: number };
    /** Its API key. */
    key: KnownKey | undefined;
    /** Memory that it takes for its body and its response. */
    held: HeldBytes;
    /** Its vectors, if the body has them in binary form. */
    packed: Float32Array[] | undefined;
    /** Fires if the client disconnects before the response. */
    gone: AbortSignal;
  }
  interface FastifyContextConfig {
    /** The role that a key needs. @default 'read' */
    role?: Role;
    /** Whether the body can be vectors in binary form. @default false */
    packedVectors?: boolean;
  }
}

export interface LogOptions {
  level: string;
  /** Receives JSON lines. */
  stream: { write(line: string): void };
  /** Whether to log request bodies, including their texts. */
  texts: boolean;
}

/** Who can use the server. */
export interface Access {
  hosts: AllowedHosts;
  /** Undefined: everybody who can reach the server. */
  keys: ApiKeys | undefined;
}

const CLIENT_GONE = 499;
/** Characters of a path in a message. */
const LONGEST_PATH = 100;

/**
 * Returns whether a request needs a key and counts towards limits: all but health, the page and the OpenAPI document.
 * It checks the route and not the URL, which can be written in many ways: `/%761/...` is `/v1/...`.
 */
export function isApi({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url?.startsWith('/v1/') ?? false;
}

/** Adds what every request goes through: checks of the client, the log and the metrics. */
export function addHooks(app: App, service: Service, { hosts, keys }: Access, log: LogOptions): void {
  const { limits, metrics, budget } = service;
  const logins = keys && new Logins(keys);
  app.addHook('onRequest', async (request, reply) => {
    const leaving = new AbortController();
    request.work = { texts: 0, vectors: 0 };
    // Not fastify's request.signal, which fires as soon as the body has been read.
    request.gone = leaving.signal;
    request.held = budget.open();
    metrics.countInFlight(1);
    // Not the hook onResponse, which is not called if the client has disconnected.
    reply.raw.once('close', () => {
      const hasGone = !reply.raw.writableFinished;
      metrics.countInFlight(-1);
      request.held.release();
      record(request, reply, hasGone ? CLIENT_GONE : reply.statusCode, service, log);
      if (hasGone) leaving.abort();
    });
    hosts.expect(request.raw);
    // Now, because clients without a key would otherwise keep requests in progress with bodies that never end.
    if (request.is404)
      throw new ApiError(
        'not_found',
        `There is no ${request.method} ${request.url.split('?')[0]!.slice(0, LONGEST_PATH)}; see /openapi.json`,
      );
    if (logins && (isApi(request) || request.routeOptions.url === '/metrics')) {
      request.key = logins.expectKey(request.headers.authorization, request.ip);
      const { role = 'read' } = request.routeOptions.config;
      if (!includesRole(request.key.role, role))
        throw new ApiError('role_required', `Expected a key with the role ${role}, got one with ${request.key.role}`);
    }
    if (!isApi(request)) return;
    if (service.state === 'closing') throw new ApiError('draining', 'The server is shutting down', 1);
    // Browsers send it. A page at another port of this machine is of the same site, but not of the same origin.
    if (!['same-origin', 'none'].includes(request.headers['sec-fetch-site'] ?? 'none'))
      throw new ApiError('cross_site', 'Pages of other sites cannot use this server');
    if (metrics.inFlight > limits.requests) throw new OverloadedError('Too many concurrent requests', 1);
  });
  app.addHook('onSend', async (_, reply) => {
    // Until the next request of this connection.
    reply.raw.socket?.setTimeout(limits.writeMs);
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
    { method, route, status, ms, ...work, ...(key && { key: key.index }), ...(log.texts && { body: request.body }) },
    'answered',
  );
}
