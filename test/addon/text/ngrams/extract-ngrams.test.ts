import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { NgramSettings } from '../../../../src/native/ngram-settings.js';
import type { NgramFeatures } from '../../../../src/native/ngrams.js';
import { extractNgrams } from '../../../../src/text/ngrams/extract-ngrams.js';
import { fnv1a, hashNgram, readTokens } from '../../../../src/text/ngrams/word-tokens.js';
import { awkwardText, sampleTexts } from '../../../support/awkward-texts.js';
import { referenceNgrams } from '../../../support/ngram-reference.js';

interface TextFeatures {
  ids: number[];
  counts: number[];
}

interface Vector extends NgramSettings, TextFeatures {
  text: string;
}

const WORDS: NgramSettings = { kind: 'words', orders: 3, limit: 400 };
const CHARACTERS: NgramSettings = { kind: 'characters', orders: 4, limit: 2000 };

const VECTORS = JSON.parse(
  readFileSync(new URL('../../../fixtures/ngrams/vectors.json', import.meta.url), 'utf8'),
) as Vector[];

function perText({ offsets, ids, counts }: NgramFeatures): TextFeatures[] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => ({
    ids: Array.from(ids.subarray(offsets[i], offsets[i + 1])),
    counts: Array.from(counts.subarray(offsets[i], offsets[i + 1])),
  }));
}

async function featuresOf(text: string, settings: Partial<NgramSettings> = {}): Promise<TextFeatures> {
  return perText(await extractNgrams([text], settings))[0]!;
}

/**
 * Replaces code points that are assigned in one version of Unicode from 15.1 (utf8proc 2.9) to 17.0 (Node 20.20), and
 * not in another. Above the first plane, this replaces entire blocks that contain some.
 */
function withoutNewCodePoints(text: string): string {
  return text.replace(
    /[\u088f\u0897\u0c5c\u0cdc\u1acf-\u1aeb\u1c89\u1c8a\ua7cb-\ua7dc\ua7f1\u{10500}-\u{1d3ff}\u{1d800}-\u{1efff}]/gu,
    '?',
  );
}

describe('extractNgrams', () => {
  it('reads a list behind a proxy like the list itself', async () => {
    const texts = ['a b', 'b'];
    expect(await extractNgrams(new Proxy(texts, {}))).toEqual(await extractNgrams(texts));
  });

  it('computes the frozen features, as does the reference', async () => {
    for (const { text, kind, orders, limit, ids, counts } of VECTORS) {
      const name = JSON.stringify(text);
      expect(await featuresOf(text, { kind, orders, limit }), name).toEqual({ ids, counts });
      expect(referenceNgrams(text, { kind, orders, limit }), name).toEqual({ ids, counts });
    }
  });

  it('computes the example of docs/ngram-features.md', async () => {
    const page = readFileSync(new URL('../../../../docs/ngram-features.md', import.meta.url), 'utf8');
    const example = JSON.parse(/```json\n([^`]+)```/.exec(page)![1]!) as {
      text: string;
      tokens: object[];
      ids: number[];
    };
    const hex = (hash: bigint): string => hash.toString(16).padStart(16, '0');
    const tokens = readTokens(example.text, 400).map(({ written, lower }) => ({
      written,
      lower,
      writtenHash: hex(fnv1a(written)),
      lowerHash: hex(fnv1a(lower)),
    }));
    expect(tokens).toEqual(example.tokens);
    expect(await featuresOf(example.text, { orders: 2 })).toEqual({
      ids: example.ids,
      counts: example.ids.map(() => 1),
    });
    for (const gram of [['don'], ['Don'], ['don', "'"], ['Don', "'"]])
      expect(page).toContain(hex(hashNgram(0n, gram.map(fnv1a))));
  });

  it('agrees with the reference on hard texts, and on answers in 36 languages', async () => {
    const texts = fc.oneof(
      { weight: 4, arbitrary: awkwardText.map(withoutNewCodePoints) },
      { weight: 1, arbitrary: fc.constantFrom(...sampleTexts()) },
    );
    const settings = fc.oneof(
      fc.record({ kind: fc.constant('words' as const), orders: fc.integer({ min: 1, max: 3 }), limit: fc.nat(30) }),
      fc.record({
        kind: fc.constant('characters' as const),
        orders: fc.integer({ min: 1, max: 4 }),
        limit: fc.nat(30),
      }),
      fc.constantFrom(WORDS, CHARACTERS),
    );
    const property = fc.asyncProperty(
      fc.array(texts, { maxLength: 6 }),
      settings,
      async (given, { limit, ...rest }) => {
        const chosen = { ...rest, limit: limit + 1 };
        const expected = given.map((text) => referenceNgrams(text, chosen));
        expect(perText(await extractNgrams(given, chosen))).toEqual(expected);
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });

  it('keeps the texts in order, whichever thread reads them', async () => {
    const sample = sampleTexts();
    const texts = Array.from({ length: 4000 }, (_, i) => sample[i % sample.length]!);
    const expected = await Promise.all(sample.map((text) => featuresOf(text)));
    perText(await extractNgrams(texts)).forEach((features, i) => {
      expect(features).toEqual(expected[i % sample.length]);
    });
  });

  it.each([
    ['one word', 'a'],
    ['marks', ','],
    ['line breaks', '\n'],
    ['spaces', ' '],
    ['letters of a script without spaces', '本'],
    ['pairs of surrogates', '😀'],
    ['unpaired surrogates', '\ud800'],
  ])('reads 10 MB of %s like any other text', async (_, unit) => {
    const long = unit.repeat(10e6 / 2 / unit.length);
    const short = unit.repeat(3000);
    const characters = await featuresOf(long, CHARACTERS);
    expect(characters).toEqual(await featuresOf(short, CHARACTERS));
    const words = await featuresOf(long);
    if (unit === 'a') expect(words).toEqual(referenceNgrams(long, { ...WORDS, orders: 1 }));
    else expect(words).toEqual(referenceNgrams(short, WORDS));
  });

  it('reads no text beyond the limit', async () => {
    const text = 'One, two!\n';
    expect(await featuresOf(`${text} three`, { limit: 5 })).toEqual(await featuresOf(text));
    expect(await featuresOf(`${text} three`, { kind: 'characters', limit: text.length })).toEqual(
      await featuresOf(text, { kind: 'characters' }),
    );
  });

  it('reports progress in texts, and stops when it is aborted', async () => {
    const texts = new Array<string>(50_000).fill('It was the best of times, it was the worst of times. '.repeat(10));
    const controller = new AbortController();
    const running = extractNgrams(texts, { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const reported: number[] = [];
    await extractNgrams(texts, { onProgress: (done) => reported.push(done) });
    expect(Math.max(...reported)).toBeGreaterThan(0);
    expect(Math.max(...reported)).toBeLessThanOrEqual(texts.length);
  });

  it('names what is wrong with its arguments', async () => {
    const extract = (texts: unknown, options?: unknown): Promise<unknown> =>
      extractNgrams(texts as string[], options as object);
    await expect(extract(['a', 3])).rejects.toThrow('Expected a string for "texts[1]", got 3');
    await expect(extract([], { kind: 'bytes' })).rejects.toThrow(
      'Expected one of words, characters for "kind", got "bytes"',
    );
    await expect(extract([], { orders: 4 })).rejects.toThrow('Expected an integer from 1 to 3 for "orders", got 4');
    await expect(extract([], { kind: 'characters', orders: 4, limit: 0 })).rejects.toThrow(
      'Expected an integer >= 1 for "limit", got 0',
    );
  });
});
