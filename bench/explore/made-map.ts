/** Serves the page with a made map of any size: for the browser's frames and memory, without a dataset. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { packageFile } from '../../src/core/package-files.js';
import { SeededRandom } from '../../src/core/random.js';
import type { ExploreHeader } from '../../src/explore/api-types.js';
import { mapColumns } from '../../src/maps/map-columns.js';
import { EXPLORE_PAGE } from '../../src/server/routes/explore/page.js';

const CLUSTERS = 60;
const MODELS = 100;
const LANGS = ['eng', 'fra', 'zho'];

export async function startMadeMap(points: number): Promise<{ url: string; stop: () => void }> {
  const random = new SeededRandom(1);
  const centres = Array.from({ length: CLUSTERS }, () => [random.next() * 20, random.next() * 20] as const);
  const coordinates = new Float32Array(2 * points);
  for (let point = 0; point < points; point++) {
    const centre = centres[random.integer(CLUSTERS)]!;
    for (const axis of [0, 1] as const)
      coordinates[2 * point + axis] = centre[axis] + random.next() + random.next() + random.next();
  }
  const ids = Array.from({ length: MODELS }, (_, i) => LANGS.map((lang) => `model-${i}$${lang}`)).flat();
  const header: ExploreHeader = {
    title: `${points} made points`,
    dataset: '',
    rows: points,
    encoder: 'none',
    laidOut: points,
    columns: mapColumns(ids),
    numbers: [{ name: 'length' }],
    questions: 1000,
    fitted: false,
    classifier: false,
    search: { state: 'ready' },
  };
  const labels = centres.map(([x, y], i) => ({ level: i % 4, x: x + 1.5, y: y + 1.5, count: i, label: `topic ${i}` }));
  const bytes = (array: Float32Array | Int32Array | Uint32Array): Buffer => Buffer.from(array.buffer);
  const answers: Record<string, [string, string | Buffer]> = {
    '/': ['text/html; charset=utf-8', EXPLORE_PAGE],
    '/explore.js': ['text/javascript', readFileSync(packageFile('dist/explore/page/explore.js'))],
    '/explore.css': ['text/css', readFileSync(packageFile('dist/explore/page/explore.css'))],
    '/v1/explore': ['application/json', JSON.stringify(header)],
    '/v1/explore/labels': ['application/json', JSON.stringify({ labels })],
    '/v1/explore/texts': ['application/json', JSON.stringify({ state: 'ready' })],
    '/v1/explore/probabilities': [
      'application/json',
      JSON.stringify({ state: 'unavailable', message: 'Made points have none' }),
    ],
    '/v1/explore/arrays/coordinates': ['application/octet-stream', bytes(coordinates)],
    '/v1/explore/arrays/value-ids': [
      'application/octet-stream',
      bytes(Int32Array.from({ length: points }, () => random.integer(ids.length))),
    ],
    '/v1/explore/arrays/lengths': [
      'application/octet-stream',
      bytes(Uint32Array.from({ length: points }, () => random.integer(4000))),
    ],
  };
  const server = createServer((request, response) => {
    const [type, content] = answers[request.url ?? ''] ?? ['application/json', '{"records":[]}'];
    response.writeHead(200, { 'content-type': type });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop: () => server.close() };
}
