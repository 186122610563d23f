import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, describe, expect, it } from 'vitest';

import type { AnswerRecord, GeneratedRecord } from '../../src/generation/records.js';
import { type CliResult, runCli, startCli } from '../support/cli.js';
import { writeProject } from '../support/generation-project.js';
import {
  RECORDED_ANSWERS,
  RECORDED_MODELS,
  type ReplayOptions,
  type ReplayServer,
  startReplayServer,
} from '../support/replay-server.js';

const scratch = mkdtempSync(join(tmpdir(), 'univar-generate-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let server: ReplayServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(options?: ReplayOptions): Promise<ReplayServer> {
  await server?.close();
  return (server = await startReplayServer(options));
}

function folderOf(name: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  return folder;
}

function parsed(result: CliResult): Record<string, unknown> {
  expect(result.stderr).not.toContain('error:');
  expect(result.code).toBe(0);
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

function recordsOf<T>(file: string): T[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

const repeated = ({ received }: ReplayServer): string[] => {
  const hashes = received.map(({ hash, path }) => `${path} ${hash}`);
  return hashes.filter((hash, i) => hashes.indexOf(hash) !== i);
};

describe('univar generate', () => {
  it('makes records of 3 values, 3 models and 2 languages that can be embedded, and repeats no call', async () => {
    const { url, received } = await start();
    const folder = folderOf('whole');
    const project = writeProject(folder, url, {
      endpoints: {
        replay: { kind: 'chat', url, apiKeyEnv: 'REPLAY_KEY' },
        libre: { kind: 'libretranslate', url: url.replace('/v1', '') },
      },
    });
    const env = { REPLAY_KEY: 'secret-key' };

    const plan = parsed(await runCli(['generate', project, '--dry-run', '--json']));
    expect(received).toHaveLength(0);
    expect(plan).toMatchObject({
      valueIds: 6,
      records: { scenarios: 9, paraphrases: 18, translation: 36, answers: 108 },
    });

    const summary = parsed(await runCli(['generate', project, '--json'], { env }));
    expect(repeated(server!)).toEqual([]);
    expect(summary['newCalls']).toBe(received.length);
    expect(
      received
        .filter(({ path }) => path.endsWith('completions'))
        .every(({ authorization }) => authorization === 'Bearer secret-key'),
    ).toBe(true);
    expect(received.every(({ path, body }) => path === '/translate' || body['seed'] !== undefined)).toBe(true);

    const out = join(folder, 'small');
    const qa = recordsOf<GeneratedRecord>(join(out, 'qa.jsonl'));
    const phrasings = recordsOf<{ id: string }>(join(out, 'phrasings.jsonl'));
    expect(qa).toHaveLength(phrasings.length * RECORDED_MODELS.length * 2);
    expect(new Set(qa.map(({ model, lang }) => `${model} ${lang}`)).size).toBe(6);
    for (const { lang, answer, answerOriginal, questionOriginal, question, source } of qa) {
      if (lang === 'eng') expect({ answerOriginal, questionOriginal, question }).toEqual({ question: source });
      else expect({ question, answer }).toEqual({ question: `[en] [es] ${source}`, answer: `[en] ${answerOriginal!}` });
      expect(RECORDED_ANSWERS.map((recorded) => recorded.answer)).toContain(answerOriginal ?? answer);
    }
    // All phrasings of a question are in one group, so that a split by question keeps them together.
    expect(new Set(qa.map(({ group }) => group)).size).toBe(recordsOf(join(out, 'kept-questions.jsonl')).length);

    const again = parsed(await runCli(['generate', project, '--json'], { env }));
    expect(again['newCalls']).toBe(0);
    expect((again['stages'] as { reused: boolean }[]).every(({ reused }) => reused)).toBe(true);

    // With another answer prompt, questions and translated questions are kept. Answers and their translations are made
    // again.
    const before = received.length;
    mkdirSync(join(folder, 'prompts'));
    writeFileSync(join(folder, 'prompts', 'answer.md'), '{{question}}\nAnswer in {{language}}.\n');
    writeProject(folder, url, { prompts: 'prompts' });
    parsed(await runCli(['generate', project, '--json'], { env }));
    const later = received.slice(before);
    expect(new Set(later.map(({ model }) => model))).toEqual(new Set([...RECORDED_MODELS, '']));
    expect(later.filter(({ prompt }) => prompt.includes('Answer in ')).length).toBe(phrasings.length * 6);
    expect(later.some(({ path, prompt }) => path === '/translate' && prompt.startsWith('[es]'))).toBe(false);
    expect(repeated(server!)).toEqual([]);

    const values = join(folder, 'values');
    expect(parsed(await runCli(['embed', join(out, 'qa.jsonl'), '--out', values, '--json']))).toMatchObject({
      rows: qa.length,
      valueIds: 6,
    });
    expect(parsed(await runCli(['eval', 'knn', values, '--k', '5', '--split', 'question', '--json']))).toMatchObject({
      k: 5,
    });
    parsed(await runCli(['map', values, '--method', 'pca', '--out', join(folder, 'map.html'), '--json']));
    expect(existsSync(join(folder, 'map.html'))).toBe(true);
  });

  it('loses at most the calls in flight at kill -9, also repeatedly', async () => {
    const { url, received } = await start({ delayMs: 20 });
    const folder = folderOf('killed');
    const project = writeProject(folder, url, { scenarios: { perValue: 6, perCall: 2 } });
    const kills = 2;
    for (let kill = 1; kill <= kills; kill++) {
      const { child, result } = startCli(['generate', project]);
      const until = received.length + 25;
      while (received.length < until && child.exitCode === null) await sleep(5);
      child.kill('SIGKILL');
      await result;
    }
    parsed(await runCli(['generate', project, '--json']));
    // Two endpoints with four calls at once each.
    expect(repeated(server!).length).toBeLessThanOrEqual(kills * 8);
    const killedQa = readFileSync(join(folder, 'small', 'qa.jsonl'), 'utf8');

    const undisturbed = writeProject(folderOf('undisturbed'), url, { scenarios: { perValue: 6, perCall: 2 } });
    parsed(await runCli(['generate', undisturbed, '--json']));
    expect(readFileSync(join(scratch, 'undisturbed', 'small', 'qa.jsonl'), 'utf8')).toBe(killedQa);
  });

  it('finishes with an endpoint that fails in every way', async () => {
    const faults = [
      { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
      { kind: 'status', status: 500 },
      { kind: 'silence' },
      { kind: 'stall' },
      { kind: 'cut' },
      { kind: 'drop' },
      { kind: 'text', body: '{"choices": [' },
      { kind: 'text', body: '<html>busy</html>' },
      { kind: 'text', body: '{"choices": []}' },
    ] as const;
    // Every third request fails, each time in another way.
    const { url } = await start({
      fault: (_, number) => (number % 3 === 1 ? faults[Math.floor(number / 3) % faults.length] : undefined),
    });
    const folder = folderOf('faults');
    const endpoint = { timeoutSeconds: 1, concurrency: 8 };
    const project = writeProject(folder, url, {
      values: ['Honesty'],
      scenarios: { perValue: 2, perCall: 2 },
      endpoints: {
        replay: { kind: 'chat', url, ...endpoint },
        libre: { kind: 'libretranslate', url: url.replace('/v1', ''), ...endpoint },
      },
    });
    const summary = parsed(await runCli(['generate', project, '--json']));
    expect(summary['retries']).toBeGreaterThan(faults.length);
    expect((summary['stages'] as { failedCalls: number }[]).every(({ failedCalls }) => failedCalls === 0)).toBe(true);
    const clean = await start();
    const quiet = writeProject(folderOf('no-faults'), clean.url, {
      values: ['Honesty'],
      scenarios: { perValue: 2, perCall: 2 },
    });
    parsed(await runCli(['generate', quiet, '--json']));
    const qaOf = (name: string): string => readFileSync(join(scratch, name, 'small', 'qa.jsonl'), 'utf8');
    expect(qaOf('faults')).toBe(qaOf('no-faults'));
  });

  it('leaves out empty and wrong-language answers with reasons, and keeps answers with other faults', async () => {
    const english = RECORDED_ANSWERS.find(({ lang }) => lang === 'eng')!.answer;
    const [empty, wrong, cut] = RECORDED_MODELS as [string, string, string];
    const { url } = await start({
      fault: ({ model, prompt }) => {
        if (model === empty && !prompt.startsWith('[es]')) return { kind: 'answer', content: null };
        if (model === wrong && prompt.startsWith('[es]')) return { kind: 'answer', content: english };
        if (model === cut)
          return { kind: 'answer', content: 'I cannot help with this question, because', finish: 'length' };
        return undefined;
      },
    });
    const folder = folderOf('bad-answers');
    parsed(await runCli(['generate', writeProject(folder, url, { values: ['Honesty'] }), '--json']));
    const out = join(folder, 'small');
    const answers = recordsOf<AnswerRecord>(join(out, 'answers.jsonl'));
    const rejects = recordsOf<{ id: string; reason: string }>(join(out, 'rejects', 'answers.jsonl'));
    const of = (model: string, lang: string): string[] =>
      rejects.filter(({ id }) => id.endsWith(`${lang} ${model}`)).map(({ reason }) => reason);
    const count = recordsOf(join(out, 'phrasings.jsonl')).length;
    expect(answers.some(({ model, lang }) => model === empty && lang === 'eng')).toBe(false);
    expect(of(empty, 'eng')).toEqual(Array<string>(count).fill('empty'));
    expect(of(wrong, 'spa')).toEqual(Array<string>(count).fill('wrong-language'));
    expect(of(wrong, 'eng')).toEqual([]);
    const qa = recordsOf<GeneratedRecord>(join(out, 'qa.jsonl'));
    expect(
      qa
        .filter(({ model, lang }) => model === cut && lang === 'eng')
        .every(({ faults }) => faults.includes('refusal') && faults.includes('truncated')),
    ).toBe(true);
    expect(qa.some(({ model, lang }) => model === empty && lang === 'eng')).toBe(false);
  });

  it('stops before the budget is exceeded, and at Ctrl-C, and resumes afterwards', async () => {
    const { url, received } = await start({ delayMs: 10 });
    const folder = folderOf('budget');
    const over = await runCli(['generate', writeProject(folder, url, { budget: { calls: 30 } })]);
    expect(over).toMatchObject({ code: 1, stdout: '' });
    expect(over.stderr).toMatch(/error: The budget of 30 calls is used up/);
    expect(received).toHaveLength(30);

    const project = writeProject(folder, url);
    const { child, result } = startCli(['generate', project]);
    while (received.length < 60) await sleep(5);
    child.kill('SIGINT');
    expect(await result).toMatchObject({ code: 130, stdout: '' });
    parsed(await runCli(['generate', project, '--json']));
    expect(repeated(server!).length).toBeLessThanOrEqual(8);
    expect(readdirSync(join(folder, 'small')).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it.each([
    {
      name: 'a wrong key',
      fault: { kind: 'status', status: 401 } as const,
      says: /The endpoint replay refuses all calls: HTTP 401/,
      requests: 4,
    },
    {
      name: 'an endpoint that is always down',
      fault: { kind: 'status', status: 503 } as const,
      says: /replay failed 3 calls in a row/,
      requests: 12,
    },
    {
      name: 'too many refused calls',
      fault: { kind: 'status', status: 400 } as const,
      says: /failed 3 calls in a row|calls of the stage scenarios failed permanently/,
      requests: 6,
    },
  ])('stops with one line at $name', async ({ name, fault, says, requests }) => {
    const { url, received } = await start({ fault: () => fault });
    const project = writeProject(folderOf(name.replaceAll(' ', '-')), url, {
      endpoints: {
        replay: { kind: 'chat', url, retries: 1 },
        libre: { kind: 'libretranslate', url: url.replace('/v1', '') },
      },
      failures: { inARow: 3 },
    });
    const result = await runCli(['generate', project]);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(says);
    expect(received.length).toBeLessThanOrEqual(requests);
  });

  it('reports every mistake of a project file with its line', async () => {
    const folder = folderOf('mistakes');
    const path = join(folder, 'project.yaml');
    writeFileSync(
      path,
      'name: x\nvalues: reference\nmodels:\n  - aya-101\n  - { id: other, endpoint: a, langauges: [eng] }\n' +
        'endpoints:\n  a: { kind: chat, url: nowhere }\ngenerator: aya-101\n',
    );
    const { code, stderr } = await runCli(['generate', path, '--dry-run']);
    expect(code).toBe(2);
    expect(stderr).toContain('project.yaml:5: models[1].langauges: is not a setting');
    expect(stderr).toContain('project.yaml:7: endpoints.a.url: expected a URL');
    expect((await runCli(['generate', join(folder, 'none.yaml')])).stderr).toMatch(/none\.yaml: no such file/);
    expect((await runCli(['generate'])).stderr).toMatch(/Expected a project file/);
  });

  it('writes a starter project that has a plan', async () => {
    const folder = join(scratch, 'fresh');
    await runCli(['generate', '--init', folder]);
    expect(parsed(await runCli(['generate', join(folder, 'project.yaml'), '--dry-run', '--json']))).toMatchObject({
      project: 'my-corpus',
      valueIds: 4,
      seenValueIds: 2,
    });
    expect(await runCli(['generate', '--init', folder])).toMatchObject({ code: 2 });
  });
});
