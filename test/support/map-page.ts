import { gunzipSync } from 'node:zlib';
import { mapColumns } from '../../src/maps/map-columns.js';
import type { ValueMap } from '../../src/maps/value-map.js';
import type { QaRecord } from '../../src/records/record.js';
import { randomClusters } from './random.js';

/** Returns the unpacked content of an element of a page. */
export function unpackElement(page: string, id: string): Buffer {
  const [, base64] = new RegExp(`id="${id}">([^<]*)<`).exec(page) ?? [];
  if (base64 === undefined) throw new Error(`The page has no element ${id}`);
  return gunzipSync(Buffer.from(base64, 'base64'));
}

/** Makes a map of many points in clusters: 40 models in 3 languages. */
export function largeMap(points: number): { map: ValueMap; records: () => AsyncGenerator<QaRecord> } {
  const models = Array.from({ length: 40 }, (_, i) => `model-${String(i).padStart(2, '0')}`);
  const langs = ['eng', 'fra', 'zho'];
  const ids = models.flatMap((model) => langs.map((lang) => `${model}$${lang}`));
  const valueIds = Int32Array.from({ length: points }, (_, i) => (i * 7) % ids.length);
  const map = {
    title: 'Many answers',
    subtitle: `${points} points`,
    coordinates: randomClusters(points, 2, 30, 1),
    valueIds,
    columns: mapColumns(ids),
    color: 'value-id',
  };
  async function* records(): AsyncGenerator<QaRecord> {
    for (let i = 0; i < points; i++) {
      const [model, lang] = ids[valueIds[i]!]!.split('$') as [string, string];
      // The event loop must not wait for all of them.
      if (i % 1000 === 0) await new Promise(setImmediate);
      yield {
        qid: `q${i % 999}`,
        question: `Question number ${i % 999}?`,
        answer: `Answer number ${i}: ${'it depends on what is meant, '.repeat(8)}`,
        model,
        lang,
      };
    }
  }
  return { map, records };
}
