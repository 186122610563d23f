import { describe, expect, it } from 'vitest';
import {
  evaluateDatasetKnn,
  evaluateDatasetProbe,
  evaluateDatasetTfidf,
  labelRecords,
} from '../../../src/evaluation/dataset.js';
import { evaluateKnn } from '../../../src/evaluation/knn.js';
import type { QaRecord } from '../../../src/records/record.js';
import { randomNormal } from '../../support/random.js';

const records: QaRecord[] = Array.from({ length: 80 }, (_, row) => ({
  qid: `q${Math.floor(row / 4)}`,
  question: 'Is it right?',
  answer: `I say ${['yes', 'no'][row % 2]!} to it`,
  model: ['yea', 'nay'][row % 2]!,
  lang: ['eng', 'eng', 'zho', 'zho'][row % 4]!,
}));
const embeddings = randomNormal(80 * 5, 1);
const dataset = {
  dim: 5,
  readEmbeddings: () => Promise.resolve(embeddings),
  readRecords: () => Promise.resolve(records),
};

describe('evaluations of a dataset', () => {
  it('label by value id and group by question', async () => {
    const expected = await evaluateKnn({ embeddings, dim: 5, ...labelRecords(records) }, { k: 5 });
    expect(await evaluateDatasetKnn(dataset, { k: 5 })).toEqual(expected);
    expect(expected.confusion.labels).toEqual(['nay$eng', 'nay$zho', 'yea$eng', 'yea$zho']);
  });

  it('predict models or languages instead', async () => {
    const byModel = await evaluateDatasetTfidf(dataset, { k: 5, target: 'model' });
    expect(byModel).toMatchObject({ accuracy: 1, chance: 0.5 });
    const byLang = await evaluateDatasetProbe(dataset, { epochs: 1, target: 'lang' });
    expect(byLang.perId.map(({ id }) => id)).toEqual(['eng', 'zho']);
  });

  it('use the same split for all evaluations', async () => {
    const [knn, probe, words] = await Promise.all([
      evaluateDatasetKnn(dataset, { k: 5 }),
      evaluateDatasetProbe(dataset, { epochs: 1 }),
      evaluateDatasetTfidf(dataset, { k: 5 }),
    ]);
    const sizes = knn.perId.map(({ train, test }) => [train, test]);
    expect(probe.perId.map(({ train, test }) => [train, test])).toEqual(sizes);
    expect(words.perId.map(({ train, test }) => [train, test])).toEqual(sizes);
  });

  it('keep themes together if records name them', () => {
    expect(labelRecords([{ ...records[0]!, group: 'theme' }, records[1]!]).groups).toEqual(['theme', 'q0']);
  });

  it('reject an unknown target', async () => {
    await expect(evaluateDatasetKnn(dataset, { target: 'qid' as 'lang' })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
    });
  });
});
