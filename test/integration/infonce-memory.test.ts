import { execFileSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

// A process of its own: the peak of a process never falls.
const CODE = `
  import { infoNce } from './src/native/infonce.js';
  const [rows, dim] = [32768, 8];
  const query = new Float32Array(rows * dim).fill(0.1);
  const key = query.slice();
  const labels = new Int32Array(rows);
  const peak = () => process.resourceUsage().maxRSS / 1024;
  const input = { logitScale: 20, dim, mode: 'masked', precision: process.argv[1] };
  const few = (vectors) => vectors.slice(0, 64 * dim);
  await infoNce({ ...input, query: few(query), key: few(key), labels: labels.slice(0, 64) });
  const before = peak();
  await infoNce({ ...input, query, key, labels });
  console.log(peak() - before);
`;

describe('infoNce at 32,768 rows', () => {
  it.each(['f32', 'bf16'])('takes less than 64 MiB in %s, where B x B floats would be 4 GiB', (precision) => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', CODE, precision];
    const extra = Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    expect(extra).toBeGreaterThan(8); // the measurement works: there is a strip
    expect(extra).toBeLessThan(64);
  });
});
