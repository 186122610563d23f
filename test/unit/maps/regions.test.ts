import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../../src/core/random.js';
import { findRegions } from '../../../src/maps/regions/find-regions.js';

const CENTRES = [
  [0, 0],
  [10, 0],
  [5, 9],
  [20, 0],
  [25, 9],
  [40, 0],
] as const;

interface Topic {
  lang: string;
  topic: string;
  filler: string[];
}

const ENGLISH = ['the', 'question', 'is', 'whether', 'people', 'should', 'support', 'it'];
const SPANISH = ['desde', 'entonces', 'para', 'mientras', 'porque', 'también', 'nosotros', 'sobre'];
const TOPICS: Topic[] = [
  { lang: 'eng', topic: 'nuclear power plants', filler: ENGLISH },
  { lang: 'eng', topic: 'welfare of animals', filler: [...ENGLISH, 'of'] },
  { lang: 'eng', topic: 'free school meals', filler: ENGLISH },
  { lang: 'spa', topic: 'mercado laboral', filler: SPANISH },
  { lang: 'spa', topic: 'agua potable', filler: SPANISH },
  { lang: 'zho', topic: '人工智能', filler: ['我们', '可以', '但是', '因为'] },
];

/** Labels of the first level by the topic whose region they name. */
async function labelsOf(topics: readonly Topic[]): Promise<string[]> {
  const random = new SeededRandom(1);
  const coordinates = Float32Array.from({ length: 2 * 300 * topics.length }, (_, i) => {
    const centre = CENTRES[Math.floor(i / 2) % topics.length]![i % 2 === 0 ? 0 : 1];
    return centre + (random.next() + random.next() - 1);
  });
  const read = (rows: readonly number[]) =>
    Promise.resolve(
      rows.map((row) => {
        const { lang, topic, filler } = topics[row % topics.length]!;
        const some = (): string => random.shuffle(filler).slice(1).join(' ');
        return { lang, question: 'What?', answer: `${some()} ${topic} ${some()}` };
      }),
    );
  const regions = await findRegions(coordinates, read, { signal: undefined, onProgress: () => undefined });
  const coarse = regions.filter(({ level }) => level === 0);
  expect(coarse.map(({ count }) => count)).toEqual(topics.map(() => 300));
  return topics.map((_, i) => {
    const [cx, cy] = CENTRES[i]!;
    return coarse.find(({ x, y }) => Math.hypot(x - cx, y - cy) < 0.5)?.label ?? '';
  });
}

describe('the regions of a map', () => {
  it('are named by phrases that only their texts have, never by the usual words of any language', async () => {
    const labels = await labelsOf(TOPICS.slice(0, 5));
    expect(labels).toEqual([
      'nuclear power plants',
      'welfare of animals',
      'free school meals',
      'mercado laboral',
      'agua potable',
    ]);
  });

  it('are named by the end of a long sentence that all repeat, not by its middle', async () => {
    const topic = 'remote farms hide cruel habits whether inspectors visit hidden barns.';
    const labels = await labelsOf([...TOPICS.slice(0, 2), { lang: 'eng', topic, filler: ENGLISH }]);
    expect(labels[2]).toBe('inspectors visit hidden barns');
  });

  it('are named by their language if they are all of it, then by whole words without spaces', async () => {
    const labels = await labelsOf(TOPICS);
    expect(labels.at(-1)).toMatch(/^Chinese/);
  });
});
