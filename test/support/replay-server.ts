/** An OpenAI-compatible and LibreTranslate-compatible server that replays recorded texts, and misbehaves on demand. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const lines = <T>(name: string): T[] =>
  readFileSync(fileURLToPath(new URL(`../fixtures/generation/${name}.jsonl`, import.meta.url)), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

export const RECORDED_QUESTIONS = lines<{ scenario: string; question: string; paraphrases: string[] }>('questions');
export const RECORDED_ANSWERS = lines<{ model: string; lang: string; answer: string }>('answers');
export const RECORDED_MODELS = [...new Set(RECORDED_ANSWERS.map(({ model }) => model))];

export type Fault =
  | { kind: 'status'; status: number; headers?: Record<string, string> }
  /** Sends no byte of an answer. */
  | { kind: 'silence' }
  /** Sends headers and half of the body, then nothing. */
  | { kind: 'stall' }
  /** Sends headers and half of the body, then closes the connection. */
  | { kind: 'cut' }
  /** Closes the connection immediately. */
  | { kind: 'drop' }
  | { kind: 'text'; body: string }
  | { kind: 'answer'; content: string | null; finish?: string };

export interface Received {
  path: string;
  model: string;
  /** The last message, or the text to translate. */
  prompt: string;
  /** Equal for equal requests. */
  hash: string;
  body: Record<string, unknown>;
  authorization: string | undefined;
  at: number;
}

export interface ReplayServer {
  url: string;
  received: Received[];
  /** Maximum number of requests open at the same time. */
  mostAtOnce: () => number;
  close(): Promise<void>;
}

export interface ReplayOptions {
  /** Chooses the fault of a request; `number` counts from 0. */
  fault?: (request: Received, number: number) => Fault | undefined;
  /** Delay of every answer. */
  delayMs?: number;
}

export async function startReplayServer({ fault, delayMs = 0 }: ReplayOptions = {}): Promise<ReplayServer> {
  const received: Received[] = [];
  let open = 0;
  let most = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    most = Math.max(most, ++open);
    response.once('close', () => open--);
    const text = await bodyOf(request);
    const body = JSON.parse(text) as Record<string, unknown>;
    const messages = (body['messages'] ?? []) as { content: string }[];
    const entry: Received = {
      path: request.url ?? '',
      model: textOf(body['model']),
      prompt: messages.at(-1)?.content ?? textOf(body['prompt'] ?? body['q']),
      hash: createHash('sha256').update(text).digest('hex'),
      body,
      authorization: request.headers.authorization,
      at: Date.now(),
    };
    received.push(entry);
    const wrong = fault?.(entry, received.length - 1);
    if (delayMs > 0) await sleep(delayMs);
    answer(response, entry, wrong);
  };
  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    received,
    mostAtOnce: () => most,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function answer(response: ServerResponse, entry: Received, fault: Fault | undefined): void {
  const good = JSON.stringify(
    entry.path.endsWith('/translate')
      ? { translatedText: `[${String(entry.body['target'])}] ${entry.prompt}` }
      : completion(entry, fault),
  );
  const start = (): void =>
    void response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(good) });
  switch (fault?.kind) {
    case 'status':
      response
        .writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
        .end(JSON.stringify({ error: { message: `refused with ${fault.status}` } }));
      return;
    case 'silence':
      return;
    case 'stall':
      start();
      response.write(good.slice(0, good.length / 2));
      return;
    case 'cut':
      start();
      response.write(good.slice(0, good.length / 2), () => response.destroy());
      return;
    case 'drop':
      response.destroy();
      return;
    case 'text':
      response.writeHead(200, { 'content-type': 'application/json' }).end(fault.body);
      return;
    default:
      start();
      response.end(good);
  }
}

function completion(entry: Received, fault: Fault | undefined): object {
  const own = fault?.kind === 'answer' ? fault : undefined;
  const content = own ? own.content : replay(entry);
  const finish_reason = own?.finish ?? 'stop';
  const choice = entry.path.endsWith('/chat/completions')
    ? { message: { role: 'assistant', content } }
    : { text: content };
  return {
    id: 'x',
    object: 'chat.completion',
    created: 0,
    model: entry.model,
    choices: [{ index: 0, finish_reason, ...choice }],
    usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
  };
}

/**
 * Recognises requests for lists and questions by the prompts of the package. Everything else is a question to a model.
 */
function replay({ model, prompt, hash }: Received): string {
  const numbered = (texts: readonly string[]): string =>
    `Here are the results:\n\n${texts.map((text, i) => `${i + 1}. ${text}`).join('\n')}`;
  const count = Number(/Write (\d+) (?:situations|other wordings)/.exec(prompt)?.[1] ?? 0);
  if (prompt.startsWith('Value:')) {
    const from = Number.parseInt(createHash('sha256').update(prompt).digest('hex').slice(0, 6), 16);
    return numbered(
      Array.from({ length: count }, (_, i) => RECORDED_QUESTIONS[(from + i) % RECORDED_QUESTIONS.length]!.scenario),
    );
  }
  if (prompt.startsWith('Situation:'))
    return RECORDED_QUESTIONS.find(({ scenario }) => prompt.includes(scenario))!.question;
  if (prompt.startsWith('Question:'))
    return numbered(RECORDED_QUESTIONS.find(({ question }) => prompt.includes(question))!.paraphrases.slice(0, count));
  const english = RECORDED_QUESTIONS.some(({ question, paraphrases }) =>
    [question, ...paraphrases].includes(prompt.split('\n')[0]!),
  );
  const answers = RECORDED_ANSWERS.filter(
    (answer) => answer.model === model && answer.lang === (english ? 'eng' : 'spa'),
  );
  return answers[Number.parseInt(hash.slice(0, 6), 16) % answers.length]?.answer ?? `An answer of ${model}.`;
}
