import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { endpointSchema } from '../../src/generation/project-schema.js';
import { ApertiumProvider } from '../../src/generation/providers/apertium-provider.js';
import type { GeneratedRecord } from '../../src/generation/records.js';
import type { QualityReport } from '../../src/generation/report/collect.js';
import { samplesPage } from '../../src/generation/report/samples-page.js';
import { CHROMIUM } from '../support/browser.js';
import { runCli } from '../support/cli.js';
import { writeProject } from '../support/generation-project.js';
import { RECORDED_MODELS, type ReplayServer, startReplayServer } from '../support/replay-server.js';

/** Empty if the program is not installed. */
const PAIRS = (spawnSync('apertium', ['-l'], { encoding: 'utf8' }).stdout as string | null)?.split(/\s+/) ?? [];
const APERTIUM = ['eng-spa', 'spa-eng', 'eng-cat', 'cat-eng'].every((pair) => PAIRS.includes(pair));
const NEEDS = 'skipped: the packages apertium, apertium-eng-spa and apertium-eng-cat are not installed';
const HOSTILE = '</p><script>window.hit=1</script><img src=x onerror="window.hit=1">&amp;\u2028';

const scratch = mkdtempSync(join(tmpdir(), 'univar-generate-report-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe.skipIf(!APERTIUM)(`translation by Apertium (${APERTIUM ? 'real' : NEEDS})`, () => {
  const provider = new ApertiumProvider(
    endpointSchema.parse({ kind: 'apertium' }) as Extract<
      ReturnType<typeof endpointSchema.parse>,
      { kind: 'apertium' }
    >,
  );
  const translate = async (from: string, to: string, text: string): Promise<string> =>
    (await provider.attempt({ kind: 'translate', engine: 'a', from, to, text }, new AbortController().signal)).text;

  it.each([
    ['eng', 'spa', 'The house is big.', /casa es grande/i],
    ['spa', 'eng', 'La casa es grande.', /house is big/i],
    ['eng', 'cat', 'The house is big.', /casa és gran/i],
    ['cat', 'eng', 'La casa és gran.', /(house|home) is big/i],
  ])('translates %s to %s', async (from, to, text, expected) => {
    expect(await translate(from, to, text)).toMatch(expected);
  });

  it('keeps lines and unusual characters, and does not mark unknown words', async () => {
    const text = await translate('eng', 'spa', 'First line [a]\n\nSecond <b> line with \\ and ^qwxyz$ 😀');
    expect(text.split('\n')).toHaveLength(3);
    expect(text).toContain('qwxyz');
    expect(text).not.toMatch(/\*\w/);
  });

  it('reports a missing language pair, and stops on request', async () => {
    await expect(translate('eng', 'zho', 'x')).rejects.toMatchObject({ name: 'ProviderError', kind: 'endpoint' });
    const controller = new AbortController();
    const work = provider.attempt(
      { kind: 'translate', engine: 'a', from: 'eng', to: 'spa', text: 'Some words. '.repeat(20_000) },
      controller.signal,
    );
    setTimeout(() => controller.abort(), 50);
    await expect(work).rejects.toMatchObject({ kind: 'transient' });
  });
});

describe.skipIf(!APERTIUM)(`a corpus with its reports (${APERTIUM ? 'by Apertium' : NEEDS})`, () => {
  let server: ReplayServer;
  const out = join(scratch, 'small');
  beforeAll(async () => {
    server = await startReplayServer({
      fault: ({ model, prompt }) =>
        model === RECORDED_MODELS[0] && prompt.length % 5 === 0
          ? { kind: 'answer', content: 'I am sorry, but I cannot answer that.' }
          : undefined,
    });
    const project = writeProject(scratch, server.url, {
      endpoints: { replay: { kind: 'chat', url: server.url }, offline: { kind: 'apertium' } },
      translation: [{ endpoint: 'offline' }],
      scenarios: { perValue: 1, perCall: 1 },
      report: { samples: 3 },
    });
    const { code, stderr } = await runCli(['generate', project]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('error') as string });
  });
  afterAll(() => server.close());

  it('has English records of all models and both languages', () => {
    const qa = readFileSync(join(out, 'qa.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as GeneratedRecord);
    expect(new Set(qa.map(({ model, lang }) => `${model} ${lang}`)).size).toBe(6);
    const spanish = qa.filter(({ lang }) => lang === 'spa');
    expect(
      spanish.every(({ answer, answerOriginal, question, source }) => answer !== answerOriginal && question !== source),
    ).toBe(true);
    expect(spanish.filter(({ answer }) => / (the|of|and|to|a) /.test(answer)).length).toBeGreaterThan(
      0.9 * spanish.length,
    );
  });

  it('has a report with consistent figures', () => {
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as Omit<QualityReport, 'samples'>;
    const phrasings = report.stages.find(({ stage }) => stage === 'paraphrases')!.output.records;
    for (const figures of report.answers) {
      const { empty = 0, 'wrong-language': wrong = 0 } = figures.faults;
      expect(figures.asked).toBe(phrasings);
      expect(figures.records + empty + wrong + figures.failedCalls + figures.lostInTranslation).toBe(figures.asked);
    }
    const refused = report.answers.find(({ model, lang }) => model === RECORDED_MODELS[0] && lang === 'eng')!;
    expect(refused.faults.refusal).toBeGreaterThan(0);
    expect(report.roundTrip).toMatchObject([{ lang: 'spa', questions: phrasings }]);
    expect(report.roundTrip[0]!.mean).toBeGreaterThan(0.5);
    expect(report.spent.calls).toBe(report.spentBy.reduce((sum, { spending }) => sum + spending.calls, 0));
    expect(report.spent.usd).toBeGreaterThan(0);
  });

  it.skipIf(!CHROMIUM)(
    'is shown in a browser without scripts and requests' +
      (CHROMIUM ? '' : ' (skipped: no Chromium is installed; set UNIVAR_CHROMIUM to its path)'),
    async () => {
      const browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] });
      try {
        const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
        const requests: string[] = [];
        page.on('request', (request) => requests.push(request.url()));
        await page.goto(pathToFileURL(join(out, 'report.html')).href);
        expect(await page.locator('h1').textContent()).toBe('small');
        expect(await page.locator('table').count()).toBe(4);
        await page.locator('a', { hasText: 'Samples' }).click();
        expect(await page.locator('article').count()).toBe(3);
        expect(await page.locator('article').first().locator('.cell').count()).toBeGreaterThanOrEqual(4);
        // Models are side by side.
        const boxes = await page.locator('article').first().locator('.grid').first().locator('.cell').all();
        const tops = await Promise.all(boxes.map(async (box) => (await box.boundingBox())!.y));
        expect(new Set(tops).size).toBe(1);
        await page.locator('details').first().click();
        expect(requests.every((url) => url.startsWith('file:'))).toBe(true);
      } finally {
        await browser.close();
      }
    },
  );
});

it('keeps hostile texts out of the markup of pages', () => {
  const record: GeneratedRecord = {
    qid: HOSTILE,
    question: HOSTILE,
    answer: HOSTILE,
    model: HOSTILE,
    lang: 'spa',
    group: 'g',
    value: HOSTILE,
    variant: 0,
    source: HOSTILE,
    questionOriginal: HOSTILE,
    answerOriginal: HOSTILE,
    faults: [],
  };
  const text = samplesPage(
    HOSTILE,
    [{ qid: HOSTILE, question: HOSTILE, value: HOSTILE, records: [record] }],
    (language) => language,
  ).join('');
  expect(text).not.toMatch(/<script|<img|onerror="/);
  expect(text).toContain("default-src 'none'");
});
