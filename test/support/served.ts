import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import type { QaRecord } from '../../src/records/record.js';
import { type CliResult, type CliRun, runCli, startCli } from './cli.js';
import { toJsonl } from './records.js';
import { answers, writeSentenceEncoder } from './trainable-encoder.js';

export interface ServedDataset {
  dir: string;
  encoder: string;
  records: QaRecord[];
}

/** Makes a dataset of 60 answers in `scratch`, embedded with a tiny native encoder, with an HNSW index. */
export async function makeServedDataset(scratch: string): Promise<ServedDataset> {
  const encoder = writeSentenceEncoder(join(scratch, 'tiny'));
  const records = answers(3, 20);
  const file = join(scratch, 'answers.jsonl');
  writeFileSync(file, toJsonl(records));
  const dir = join(scratch, 'values');
  for (const args of [
    ['embed', file, '--out', dir, '--encoder', encoder],
    ['index', dir, '--no-fit', '--factory', 'HNSW32'],
  ]) {
    const { code, stderr } = await runCli(args);
    if (code !== 0) throw new Error(stderr);
  }
  return { dir, encoder, records };
}

export interface Answer {
  status: number;
  body: Record<string, never> & { error?: { message: string; type: string; code: string } };
  headers: Headers;
}

export interface RunningServer {
  url: string;
  child: CliRun['child'];
  result: Promise<CliResult>;
  /** Returns everything that the server has written to standard error. */
  log: () => string;
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Answer>;
  send: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
}

/** Starts `univar serve` on a free port and waits until it listens. It ends with the test at the latest. */
export function startServe(args: readonly string[], ending?: Ending): Promise<RunningServer> {
  return startServer(['serve', ...args], ending);
}

type Ending = (end: () => Promise<void>) => void;

/** Starts a command that serves: see {@link startServe}. */
export async function startServer(args: readonly string[], ending: Ending = onTestFinished): Promise<RunningServer> {
  const { child, result } = startCli([...args, '--port', '0', '--json']);
  ending(async () => {
    child.kill('SIGKILL');
    await result;
  });
  let stdout = '';
  let log = '';
  child.stderr!.on('data', (text: string) => (log += text));
  while (!stdout.includes('}\n')) {
    const [text] = (await Promise.race([
      once(child.stdout!, 'data'),
      result.then(({ stderr }) => Promise.reject(new Error(stderr))),
    ])) as [string];
    stdout += text;
  }
  const { url } = JSON.parse(stdout) as { url: string };
  const send = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
    sendJson(url, method, path, body, headers);
  return { url, child, result, log: () => log, send, post: (path, body, headers) => send('POST', path, body, headers) };
}

/** Sends one request with a JSON body. */
export async function sendJson(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'], headers: response.headers };
}
