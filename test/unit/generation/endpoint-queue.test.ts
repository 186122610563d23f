import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { Budget } from '../../../src/generation/budget.js';
import { type Call, type CallResult, callKey, type Request } from '../../../src/generation/call.js';
import { EndpointQueue } from '../../../src/generation/endpoint-queue.js';
import { endpointSchema } from '../../../src/generation/project-schema.js';
import { ProviderError, parseRetryAfter, statusError } from '../../../src/generation/provider-error.js';
import { withTimeLimit } from '../../../src/generation/providers/open-endpoint.js';

const RESULT: CallResult = { text: 'yes', finish: 'stop', promptTokens: 1, completionTokens: 1, estimated: false };
const REQUEST: Request = { kind: 'translate', engine: 'e', from: 'eng', to: 'spa', text: 't' };

function queueOf(
  attempt: (number: number, signal: AbortSignal) => Promise<CallResult>,
  settings: object = {},
  options: { signal?: AbortSignal } = {},
): EndpointQueue {
  let number = 0;
  const endpoint = endpointSchema.parse({ kind: 'chat', url: 'http://x', retries: 3, ...settings });
  return new EndpointQueue(
    'e',
    endpoint,
    withTimeLimit({ attempt: (_, signal) => attempt(number++, signal) }, endpoint.timeoutSeconds),
    { failuresInARow: 2, firstPauseMs: 1, ...options },
  );
}

const transient = (retryAfterMs?: number): ProviderError => new ProviderError('transient', 'busy', { retryAfterMs });
const nothing = (): void => undefined;

describe('EndpointQueue', () => {
  it('retries calls that may work later, and counts retries', async () => {
    const queue = queueOf((number) => (number < 3 ? Promise.reject(transient()) : Promise.resolve(RESULT)));
    expect(await queue.run(REQUEST, nothing)).toEqual(RESULT);
    expect(queue.retries).toBe(3);
  });

  it('gives up a call after its last attempt, and the endpoint after several failed calls in a row', async () => {
    const queue = queueOf(() => Promise.reject(transient()));
    await expect(queue.run(REQUEST, nothing)).rejects.toMatchObject({ name: 'ProviderError', kind: 'transient' });
    await expect(queue.run(REQUEST, nothing)).rejects.toMatchObject({ code: 'ERR_REMOTE' });
  });

  it('does not retry calls that can never work', async () => {
    let attempts = 0;
    const queue = queueOf(() => Promise.reject(new ProviderError(attempts++ === 0 ? 'call' : 'endpoint', 'no')));
    await expect(queue.run(REQUEST, nothing)).rejects.toMatchObject({ kind: 'call' });
    await expect(queue.run(REQUEST, nothing)).rejects.toMatchObject({ code: 'ERR_REMOTE' });
    expect(attempts).toBe(2);
  });

  it('holds back all calls during the wait that the endpoint requested', async () => {
    const times: number[] = [];
    const queue = queueOf(
      (number) => {
        times.push(performance.now());
        return number === 0 ? Promise.reject(transient(200)) : Promise.resolve(RESULT);
      },
      { concurrency: 1 },
    );
    await Promise.all([queue.run(REQUEST, nothing), queue.run(REQUEST, nothing)]);
    expect(times[1]! - times[0]!).toBeGreaterThan(190);
  });

  it('never exceeds the limit of open calls, and keeps to the rate', async () => {
    let open = 0;
    let most = 0;
    const slow = async (): Promise<CallResult> => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open--;
      return RESULT;
    };
    const queue = queueOf(slow, { concurrency: 3 });
    await Promise.all(Array.from({ length: 20 }, () => queue.run(REQUEST, nothing)));
    expect(most).toBe(3);
    const limited = queueOf(slow, { concurrency: 10, requestsPerMinute: 599 });
    const start = performance.now();
    await Promise.all(Array.from({ length: 5 }, () => limited.run(REQUEST, nothing)));
    expect(performance.now() - start).toBeGreaterThan(390);
  });

  it('ends an attempt that takes too long, and all attempts at an abort', async () => {
    const hang = (_: number, signal: AbortSignal): Promise<CallResult> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))));
    const short = queueOf(hang, { timeoutSeconds: 0.02, retries: 1 });
    await expect(short.run(REQUEST, nothing)).rejects.toMatchObject({
      kind: 'transient',
      message: 'no answer in 0.02 s',
    });
    const controller = new AbortController();
    const long = queueOf(hang, { concurrency: 20 }, { signal: controller.signal });
    const calls = Array.from({ length: 40 }, () => long.run(REQUEST, nothing));
    await setImmediate();
    // Node warns of a leak at eleven listeners.
    expect(getEventListeners(controller.signal, 'abort').length).toBe(1);
    controller.abort();
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_ABORTED' } });
  });
});

describe('statusError', () => {
  it.each([
    [429, 'transient'],
    [500, 'transient'],
    [503, 'transient'],
    [408, 'transient'],
    [401, 'endpoint'],
    [404, 'endpoint'],
    [400, 'call'],
    [422, 'call'],
  ])('treats %i as %s', (status, kind) => {
    expect(statusError(status, 'x', null).kind).toBe(kind);
  });

  it('reads Retry-After as seconds and as a date', () => {
    const now = Date.parse('2030-01-01T00:00:00Z');
    expect(
      ['3', '0.5', 'Tue, 01 Jan 2030 00:00:07 GMT', 'Mon, 31 Dec 2029 00:00:00 GMT', 'soon', null].map((value) =>
        parseRetryAfter(value, now),
      ),
    ).toEqual([3000, 500, 7000, 0, undefined, undefined]);
  });
});

const callOf = (maxTokens: number): Call => ({
  stage: 'answers',
  model: 'm',
  endpoint: 'e',
  price: { input: 1, output: 1 },
  request: {
    kind: 'chat',
    id: 'm',
    name: 'm',
    messages: [{ role: 'user', content: 'x'.repeat(64) }],
    temperature: 0,
    maxTokens,
    params: { b: 1, a: 2 },
    seed: 1,
    template: null,
  },
});

describe('Budget', () => {
  it('counts the maximum cost of calls in flight', () => {
    const budget = new Budget({ tokens: 250 });
    const giveBack = budget.reserve(callOf(80));
    budget.reserve(callOf(80));
    expect(() => budget.reserve(callOf(80))).toThrow(/budget of 250 tokens/);
    giveBack();
    budget.reserve(callOf(80));
    budget.add({ stage: 'answers', model: 'm', promptTokens: 200, completionTokens: 0, usd: 0 });
    expect(() => budget.reserve(callOf(1))).toThrow(/ERR|budget/);
    expect(budget.of('answers').get('m')).toMatchObject({ calls: 1, promptTokens: 200 });
  });
});

it('builds the key of a result from everything that decides it, and nothing else', () => {
  const call = callOf(10);
  const key = callKey(call);
  expect(key).toMatch(/^[0-9a-f]{32}$/);
  expect(callKey({ request: { ...call.request, params: { a: 2, b: 1 } } as Request })).toBe(key);
  for (const change of [
    { name: 'n' },
    { id: 'n' },
    { temperature: 1 },
    { maxTokens: 11 },
    { seed: 2 },
    { seed: null },
    { params: { a: 3, b: 1 } },
    { template: '{{prompt}}' },
    { messages: [] },
  ]) {
    expect(callKey({ request: { ...call.request, ...change } })).not.toBe(key);
  }
});
