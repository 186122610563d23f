/** Requests to all routes, derived from the OpenAPI document of each server, right and wrong. */
import type { Choices } from './choices.js';
import { garble, type JsonSchema, spoil, valueOf } from './schema-values.js';
import { type FuzzedServer, keyOf, ROLES } from './servers.js';
import { weighted } from './weights.js';

export interface RequestPlan {
  server: string;
  /** Method and path of the route it was derived from. */
  route: string;
  method: string;
  url: string;
  headers: Record<string, string>;
  /** Every character is a byte. */
  body: string | undefined;
}

export interface Route {
  method: string;
  path: string;
  body: JsonSchema | undefined;
  /** Whether the body can be vectors in binary form. */
  isPacked: boolean;
  /** Schemas of responses by status. */
  responses: Record<string, JsonSchema | undefined>;
}

interface Content {
  content?: Record<string, { schema?: JsonSchema }>;
}
export interface OpenApi {
  paths: Record<string, Record<string, { requestBody?: Content; responses?: Record<string, Content> }>>;
}

/** The routes that the document leaves out. */
const HIDDEN = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/'];
const JSON_TYPE = 'application/json';
const BINARY_TYPE = 'application/octet-stream';

export function routesOf({ paths }: OpenApi): Route[] {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody, responses = {} }]): Route => {
      const schemas = Object.entries(responses).map(([status, { content }]) => [status, content?.[JSON_TYPE]?.schema]);
      return {
        method: method.toUpperCase(),
        path,
        body: requestBody?.content?.[JSON_TYPE]?.schema,
        isPacked: requestBody?.content?.[BINARY_TYPE] !== undefined,
        responses: Object.fromEntries(schemas) as Route['responses'],
      };
    }),
  );
  const hidden = HIDDEN.map(
    (path): Route => ({ method: 'GET', path, body: undefined, isPacked: false, responses: {} }),
  );
  return weighted([...routes, ...hidden], ({ method, path }) => `${method} ${path}`);
}

export function planRequest(
  server: string,
  routes: readonly Route[],
  fuzzed: FuzzedServer,
  choices: Choices,
): RequestPlan {
  const route = choices.of(routes);
  const plan: RequestPlan = {
    server,
    route: `${route.method} ${route.path}`,
    method: route.method,
    url: route.path,
    headers: fuzzed.hasKeys
      ? { authorization: `Bearer ${keyOf(choices.chance(0.8) ? 'admin' : choices.of(ROLES))}` }
      : {},
    body: undefined,
  };
  if (route.body) addBody(plan, route, fuzzed.dim, choices);
  if (choices.chance(0.08))
    plan.method = choices.of(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE']);
  if (choices.chance(0.08)) plan.url = wrongUrl(plan.url, choices);
  if (choices.chance(0.15)) Object.assign(plan.headers, choices.of(WRONG_HEADERS)(choices));
  return plan;
}

function addBody(plan: RequestPlan, route: Route, dim: number, choices: Choices): void {
  if (route.isPacked && choices.chance(0.3)) {
    const rows = 1 + choices.below(3);
    const bytes = Buffer.alloc(4 * dim * rows);
    for (let i = 0; i < dim * rows; i++) bytes.writeFloatLE(choices.below(200) / 100 - 1, 4 * i);
    if (choices.chance(0.2)) bytes.writeUInt32LE(choices.of([0x7fc00000, 0x7f800000, 0xff800000, 0x7f7fffff, 1]), 0);
    const cut = choices.chance(0.2) ? choices.below(bytes.length + 1) : 0;
    const fields = Object.fromEntries(
      Object.entries(bodyOf(route, dim, choices)).filter(([name]) => !['texts', 'vectors'].includes(name)),
    );
    const query = Object.entries(choices.chance(0.4) ? (spoil(fields, choices) ?? {}) : fields).map((entry) =>
      entry
        .map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
        .map((part) => encodeURIComponent(part.toWellFormed()))
        .join('='),
    );
    plan.headers['content-type'] = BINARY_TYPE;
    plan.body = bytes.toString('latin1').slice(cut);
    plan.url += query.length > 0 ? `?${query.join('&')}` : '';
    return;
  }
  let body: unknown = bodyOf(route, dim, choices);
  for (let i = choices.chance(0.4) ? 0 : choices.few(3); i > 0; i--) body = spoil(body, choices);
  let text = JSON.stringify(body);
  if (choices.chance(0.1)) text = garble(text, choices);
  plan.headers['content-type'] = JSON_TYPE;
  plan.body = Buffer.from(text).toString('latin1');
  if (choices.chance(0.03)) plan.body = `${plan.body.slice(0, choices.below(plan.body.length))}\xff\xfe${plan.body}`;
}

/** A valid body, except that it can have both texts and vectors, or neither. */
function bodyOf(route: Route, dim: number, choices: Choices): Record<string, unknown> {
  const vector = (): unknown => {
    const numbers = Float32Array.from({ length: dim }, () => choices.below(200) / 100 - 1);
    return choices.chance(0.5) ? [...numbers] : Buffer.from(numbers.buffer).toString('base64');
  };
  const body = valueOf(route.body!, choices, (property) => {
    switch (property) {
      case 'vectors':
        return Array.from({ length: 1 + choices.below(3) }, vector);
      case 'dimensions':
        return dim;
      case 'model':
        return route.path === '/v1/embeddings'
          ? choices.of(['encoder', 'fit-0001'])
          : choices.of(['model-0', ['model-1']]);
      case 'lang':
        return choices.of(['eng', 'eng', 'deu', 'zh-Hans']);
      case 'valueId':
        return choices.of(['model-0$eng', ['model-0$eng', 'model-1$eng']]);
      case 'qid':
        return `q${choices.below(5)}`;
      case 'row':
      case 'rows':
        return [choices.below(12) + 12 * choices.below(50)];
      default:
        return undefined;
    }
  }) as Record<string, unknown>;
  const properties = route.body!.properties!;
  if ('records' in properties) {
    for (const record of body['records'] as Record<string, unknown>[]) record['model'] = `model-${choices.below(3)}`;
    if (choices.chance(0.7)) delete body['vectors'];
    else body['vectors'] = (body['records'] as unknown[]).map(vector);
  } else if ('texts' in properties && choices.chance(0.95)) {
    const [wanted, other] = choices.chance(0.6) ? ['texts', 'vectors'] : ['vectors', 'texts'];
    Reflect.deleteProperty(body, other);
    if (wanted === 'vectors') {
      delete body['together'];
      delete body['why'];
    }
    body[wanted] ??= wanted === 'texts' ? ['w1 w2', { question: 'w1', answer: 'w200 w3' }] : [vector()];
  }
  return body;
}

function wrongUrl(url: string, choices: Choices): string {
  const at = choices.below(url.length);
  return choices.of([
    () => `${url}/`,
    () => `/${url}`,
    () => `${url}?${'a=1&'.repeat(choices.below(2000))}`,
    () => `${url}?k=1&k=2&__proto__=1&constructor=2`,
    () => `${url}?filter=%7B%22model%22%3A%5B`,
    () => `${url}?%zz=%`,
    () => url.slice(0, at) + `%${url.charCodeAt(at).toString(16)}` + url.slice(at + 1),
    () =>
      url.slice(0, at) +
      choices.of(['%00', '%2e%2e', '%zz', '%', '//', '..', '*', ':', '%ff', ';', '#']) +
      url.slice(at),
    () => url.toUpperCase(),
    () => `/${'a/'.repeat(choices.below(3000))}`,
    () => `http://evil.example${url}`,
  ])();
}

const WRONG_HEADERS: readonly ((choices: Choices) => Record<string, string>)[] = [
  (choices) => ({
    'content-type': choices.of([
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json; charset=utf-16',
      'application/JSON',
      'application/json, text/plain',
      'application/octet-stream; x=y',
      'json',
      '/',
      '',
      'x'.repeat(5000),
    ]),
  }),
  (choices) => ({
    host: choices.of([
      'evil.example',
      'localhost:1',
      '127.0.0.2',
      '[::1]',
      '[::1',
      'a b',
      '',
      '%',
      'x'.repeat(4000),
      'localhost.',
    ]),
  }),
  (choices) => ({
    origin: choices.of(['null', 'http://evil.example', 'http://localhost', 'file://', '', 'x'.repeat(4000)]),
  }),
  (choices) => ({ 'sec-fetch-site': choices.of(['cross-site', 'same-site', 'none', 'same-origin', '', 'x']) }),
  (choices) => ({
    authorization: choices.of([
      '',
      'Bearer',
      'Bearer x',
      'Basic YTpi',
      `Bearer ${keyOf('read')}`,
      `bearer  ${keyOf('write')} `,
      `Bearer ${'x'.repeat(8000)}`,
    ]),
  }),
  (choices) => ({
    'accept-encoding': choices.of(['gzip', 'br', '*', 'identity;q=0']),
    accept: choices.of(['*/*', 'text/html', '']),
  }),
  (choices) => ({ 'content-encoding': choices.of(['gzip', 'br', 'deflate', 'x']) }),
  (choices) => ({ expect: choices.of(['100-continue', 'x']) }),
  (choices) => ({
    connection: choices.of(['close', 'keep-alive', 'upgrade']),
    upgrade: choices.of(['websocket', 'h2c', '']),
  }),
  () => ({ 'x-forwarded-for': '1.2.3.4', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' }),
  (choices) => ({ [`x-${'y'.repeat(choices.below(200))}`]: 'z'.repeat(choices.below(20_000)) }),
];
