/** Requests that no well-behaved client sends, as bytes, and the statuses that the documentation gives for them. */

export interface HostileRequest {
  name: string;
  bytes: Buffer;
  /** Statuses of the response. */
  statuses: readonly number[];
  /** Whether the server may close the connection without a response, or wait for the rest. @default false */
  maySayNothing?: boolean;
  /** Time in ms between single bytes. @default all bytes at once */
  byteMs?: number;
}

export interface Target {
  port: number;
  key: string;
  maxBody: number;
}

type Header = Record<string, string>;

/** All hostile requests; those that differ from run to run are drawn from `random`. */
export function hostileRequests({ port, key, maxBody }: Target, random: () => number): HostileRequest[] {
  const request = (body: string | Buffer, changes: Header = {}, line = 'POST /v1/identify'): Buffer => {
    const headers: Header = {
      Host: `127.0.0.1:${port}`,
      Authorization: `Bearer ${key}`,
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
      ...changes,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${lines.join('')}\r\n`), Buffer.from(body)]);
  };
  const texts = '{"texts": ["w1"]}';
  const refused = [400];
  const huge = request(`{"texts": ["${'x'.repeat(2 * maxBody)}"]}`);
  const valid = request(texts);
  const cut = 1 + Math.floor((valid.length - 1) * random());
  const noise = Buffer.from(Array.from({ length: 500 }, () => Math.floor(256 * random())));
  // A valid request in which one byte is another one.
  const damaged = Buffer.from(valid);
  damaged[Math.floor(damaged.length * random())] = Math.floor(256 * random());
  const any = [200, 400, 401, 404, 408, 413, 415, 421, 429, 431];
  return [
    { name: 'huge body', bytes: huge, statuses: [413], maySayNothing: true },
    { name: 'deep arrays', bytes: request('['.repeat(100_000)), statuses: refused },
    { name: 'deep objects', bytes: request('{"a":'.repeat(50_000)), statuses: refused },
    { name: 'many keys', bytes: request(`{${'"k":1,'.repeat(100_000)}"k":1}`), statuses: refused },
    { name: 'many numbers', bytes: request(`{"vectors":[[${'1,'.repeat(200_000)}1]]}`), statuses: refused },
    { name: 'half a body', bytes: valid.subarray(0, cut), statuses: any, maySayNothing: true },
    { name: 'slow body', bytes: valid, statuses: [200], byteMs: 20, maySayNothing: true },
    { name: 'invalid UTF-8', bytes: request(Buffer.from('{"texts": ["caf\xe9"]}', 'latin1')), statuses: refused },
    { name: 'wrong host', bytes: request(texts, { Host: 'evil.example' }), statuses: [421] },
    { name: 'wrong key', bytes: request(texts, { Authorization: 'Bearer wrong-wrong-wrong' }), statuses: [401, 429] },
    { name: 'page of another site', bytes: request(texts, { Origin: 'https://evil.example' }), statuses: [403] },
    { name: 'wrong type', bytes: request(texts, { 'Content-Type': 'text/plain' }), statuses: [415] },
    { name: 'unknown route', bytes: request('', {}, 'GET /v1/%zz/../..'), statuses: [400, 404] },
    { name: 'long header', bytes: request(texts, { X: 'x'.repeat(100_000) }), statuses: [431], maySayNothing: true },
    { name: 'wrong vectors', bytes: request('{"vectors": [[1e999, null]]}'), statuses: refused },
    { name: 'rows that no index has', bytes: request('{"rows": [-1]}', {}, 'DELETE /v1/index'), statuses: refused },
    { name: 'records without answers', bytes: request('{"records": [{}]}', {}, 'POST /v1/index'), statuses: refused },
    { name: 'noise', bytes: noise, statuses: refused, maySayNothing: true },
    { name: 'one wrong byte', bytes: damaged, statuses: any, maySayNothing: true },
  ];
}
