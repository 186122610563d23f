/**
 * Requests to all routes of three servers. They go over connections: fastify's inject has no sockets, whose events and
 * timeouts the server uses.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { Check } from 'typebox/schema';

import { ERROR_CODES } from '../../src/core/errors.js';
import { API_ERRORS } from '../../src/server/api-error.js';
import type { ApiScene } from '../support/api-scene.js';
import type { Choices } from './choices.js';
import type { Outcome, Target } from './outcome.js';
import { type OpenApi, planRequest, type RequestPlan, type Route, routesOf } from './requests.js';
import { FuzzedServers } from './servers.js';

const DEADLINE_MS = 60_000;
/** What a request is derived from. */
type ServerName = keyof FuzzedServers['all'];

export interface RoutePlan {
  /** Requests at the same time. */
  requests: RequestPlan[];
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | number | undefined>;
  body: string;
}

export class RouteTarget implements Target<RoutePlan> {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  private constructor(
    readonly servers: FuzzedServers,
    private readonly routes: Readonly<Record<ServerName, Route[]>>,
  ) {}

  static async open(scene: ApiScene): Promise<RouteTarget> {
    const servers = await FuzzedServers.open(scene);
    const routes: Partial<Record<ServerName, Route[]>> = {};
    for (const [name, { server }] of Object.entries(servers.all) as [ServerName, { server: { url: string } }][])
      routes[name] = routesOf((await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi);
    return new RouteTarget(servers, routes as Record<ServerName, Route[]>);
  }

  plan(choices: Choices): RoutePlan {
    const one = (): RequestPlan => {
      const name = choices.of<ServerName>(['fitted', 'fitted', 'plain', 'plain', 'encoder']);
      return planRequest(name, this.routes[name], this.servers.all[name], choices);
    };
    const count = choices.chance(0.1) ? 2 + choices.below(4) : 1;
    return { requests: Array.from({ length: count }, one) };
  }

  async run({ requests }: RoutePlan): Promise<Outcome[]> {
    const outcomes = await Promise.all(
      requests.map(async (plan): Promise<Outcome> => {
        const name = plan.route;
        const deadline = new AbortController();
        try {
          const answer = await Promise.race([
            this.#send(plan),
            sleep(DEADLINE_MS, undefined, { signal: deadline.signal }),
          ]);
          if (!answer) return { name, refused: 'no end', fault: `no answer within ${DEADLINE_MS} ms` };
          const { code, fault } = this.#examine(plan, answer);
          return { name, ...(code && { refused: code }), ...(fault && { fault }) };
        } finally {
          deadline.abort();
        }
      }),
    );
    for (const line of this.servers.takeErrors()) outcomes[0]!.fault ??= `logged an error: ${line}`;
    return outcomes;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.servers.close();
  }

  #send({ server, method, url, headers, body }: RequestPlan): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      const { port } = new URL(this.servers.all[server as ServerName].server.url);
      const bytes = body === undefined ? undefined : Buffer.from(body, 'latin1');
      const all = { ...(bytes && { 'content-length': bytes.length }), ...headers };
      const options = { port, host: '127.0.0.1', agent: this.#agent, method, path: url, headers: all };
      let sent;
      try {
        sent = request(options);
      } catch {
        resolve({ status: 400, headers: {}, body: UNSENT }); // Node's client does not send such a request
        return;
      }
      sent.on('response', (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces).toString() }),
        );
      });
      // The server may close the connection while the client still writes a body that it refused.
      sent.on('error', () => resolve({ status: 400, headers: {}, body: UNSENT }));
      sent.end(bytes);
    });
  }

  #examine(plan: RequestPlan, { status, headers, body }: Answer): { code?: string; fault?: string } {
    if (body === UNSENT) return { code: 'not sent' };
    const says = (what: string): { fault: string } => ({ fault: `${what}: ${status} ${body.slice(0, 500)}` });
    if (status < 400) {
      const route = this.routes[plan.server as ServerName].find(
        ({ method, path }) => method === plan.method && path === plan.url.split('?')[0],
      );
      const schema = route?.responses[String(status)];
      if (schema && !Check(schema, JSON.parse(body))) return says('a response that the schema does not describe');
      return {};
    }
    if (plan.method === 'HEAD') return { code: String(status) };
    let code: unknown;
    try {
      const { error } = JSON.parse(body) as { error: { message: unknown; type: unknown; code: unknown } };
      if (typeof error.message !== 'string' || typeof error.type !== 'string') return says('an error of another form');
      code = error.code;
    } catch {
      return says('an error that is not JSON');
    }
    const expected = {
      ...API_ERRORS,
      ...Object.fromEntries(Object.entries(ERROR_CODES).map(([key, { http }]) => [key, http])),
    };
    if (typeof code !== 'string' || (expected as Record<string, number>)[code] !== status)
      return says('an unknown code');
    const isOverloaded = ['ERR_OVERLOADED', 'draining'].includes(code) && headers['retry-after'] !== undefined;
    if (status >= 500 && !isOverloaded) return { code, ...says('a failure of the server') };
    if (/Cannot (read propert|destructure|convert|mix)|is not (a function|iterable)|\[object /.test(body))
      return { code, ...says('a JavaScript error in the message') };
    return { code };
  }
}

/** Stands for the body of a response that never came, because the client could not send the request. */
const UNSENT = '\0not sent';
