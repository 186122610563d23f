/** Broken HTTP: bytes of requests with something wrong, sent in pieces, over connections that end at any moment. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Choices } from './choices.js';
import type { Outcome, Target } from './outcome.js';
import type { FuzzedServers } from './servers.js';

/** After this time, the client gives up. A server may wait for the rest of a request for longer. */
const PATIENCE_MS = 50;
const DEADLINE_MS = 60_000;
const NAME = 'broken HTTP';

export interface SocketPlan {
  server: 'fitted' | 'plain' | 'encoder';
  /** What is sent; every character is a byte. */
  pieces: string[];
  /** How the client ends the connection after the last piece. */
  ending: 'end' | 'reset' | 'wait';
}

export class SocketTarget implements Target<SocketPlan> {
  /** @param servers stay open */
  constructor(private readonly servers: FuzzedServers) {}

  plan(choices: Choices): SocketPlan {
    const server = choices.of(['fitted', 'plain', 'encoder'] as const);
    let text = Array.from({ length: choices.few(3) }, () => requestOf(choices)).join('');
    for (let i = choices.few(4); i > 0; i--) text = broken(text, choices);
    const cuts = Array.from({ length: choices.few(4) - 1 }, () => choices.below(text.length + 1)).sort((a, b) => a - b);
    const pieces = [...cuts, text.length].map((end, i) => text.slice(cuts[i - 1] ?? 0, end));
    return { server, pieces, ending: choices.of(['end', 'end', 'end', 'reset', 'wait']) };
  }

  async run({ server, pieces, ending }: SocketPlan): Promise<Outcome[]> {
    const { url } = this.servers.all[server].server;
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const received = receive(socket);
    for (const piece of pieces) {
      if (socket.destroyed) break;
      socket.write(Buffer.from(piece, 'latin1'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (ending === 'end') socket.end();
    if (ending === 'reset') socket.resetAndDestroy();
    const patience = new AbortController();
    const late = sleep(ending === 'wait' ? PATIENCE_MS : DEADLINE_MS, 'late', { signal: patience.signal });
    const closed = await Promise.race([received.closed, late]);
    patience.abort();
    late.catch(() => undefined);
    socket.destroy();
    const statuses = [...received.text().matchAll(/^HTTP\/1\.1 (\d+) /gm)].map(([, status]) => status!);
    const wrong = statuses.find((status) => status.startsWith('5') && status !== '503');
    const errors = this.servers.takeErrors();
    const fault =
      wrong !== undefined
        ? `a failure of the server: ${received.text().slice(0, 500)}`
        : errors.length > 0
          ? `logged an error: ${errors[0]}`
          : closed === 'late' && ending !== 'wait'
            ? `the connection did not close within ${DEADLINE_MS} ms`
            : undefined;
    const refused = statuses.find((status) => !status.startsWith('2')) ?? (statuses.length === 0 ? 'no response' : '');
    return [{ name: NAME, ...(refused && { refused }), ...(fault && { fault }) }];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function receive(socket: Socket): { text: () => string; closed: Promise<unknown> } {
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => (text += piece));
  socket.on('error', () => undefined);
  return { text: () => text, closed: once(socket, 'close') };
}

function requestOf(choices: Choices): string {
  const body = choices.of(['{"texts":["w1"]}', '{"input":"w1"}', '{}', '{"rows":[1]}', '']);
  const path = choices.of(['/v1/identify', '/v1/search', '/v1/embeddings', '/v1/index', '/v1/models', '/healthz', '/']);
  const method = body === '' ? 'GET' : choices.of(['POST', 'POST', 'DELETE']);
  const isChunked = choices.chance(0.3);
  const size = body.length.toString(16);
  const length = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
  const headers = `Host: localhost\r\nContent-Type: application/json\r\n${length}\r\n`;
  const sent = isChunked ? `${body === '' ? '' : `${size}\r\n${body}\r\n`}0\r\n\r\n` : body;
  return `${method} ${path} HTTP/1.1\r\n${headers}\r\n${sent}`;
}

const INSERTED = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  ':',
  '\xff',
  '\x16\x03\x01',
  'Content-Length: 5\r\n',
  'Content-Length: -1\r\n',
  'Content-Length: 99999999999999999999\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Expect: 100-continue\r\n',
  'Connection: close\r\n',
  'Connection: upgrade\r\nUpgrade: h2c\r\n',
  'Host: evil.example\r\n',
  ' folded: value\r\n',
  'ffffffffffffffff\r\n',
  '0\r\nTrailer: x\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'HTTP/0.9',
  `X: ${'x'.repeat(20_000)}\r\n`,
];

function broken(text: string, choices: Choices): string {
  const at = choices.below(text.length + 1);
  const line = text.indexOf('\r\n', at) + 2;
  const [before, after] = choices.chance(0.5)
    ? [text.slice(0, line), text.slice(line)]
    : [text.slice(0, at), text.slice(at)];
  return choices.of([
    () => before + choices.of(INSERTED) + after,
    () => before + choices.of(INSERTED) + after,
    () => before + after.slice(1 + choices.below(20)),
    () => before,
    () => before + String.fromCharCode(choices.below(256)) + after.slice(1),
    () => before + text.slice(choices.below(text.length)),
    () => text.replaceAll('\r\n', '\n'),
    () => text.replace(/HTTP\/1\.1/, choices.of(['HTTP/1.0', 'HTTP/2', 'http/1.1', 'HTTP/1.1 '])),
    () => text,
  ])();
}
