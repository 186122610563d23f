import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, describe, expect, it } from 'vitest';

import { EngineError } from '../../src/core/errors.js';
import { VectorIndex } from '../../src/search/vector-index.js';
import { randomClusters, randomNormal, seededRandom } from '../support/random.js';

const CHECKSUM_BYTES = 20;
const KINDS = [
  'Flat',
  'SQ8',
  'SQ4',
  'PQ8x4',
  'HNSW8',
  'HNSW8,SQ8',
  'IVF8,Flat',
  'IVF8,SQ8',
  'IVF8,PQ8x4',
  'IVF8_HNSW4,SQfp16',
  'PCA16,IVF8,SQ8',
  'OPQ8_16,PQ8x4',
  'RR,L2norm,Pad40,HNSW4',
  'HNSW8,SQ8,RFlat',
  'PCA16,IVF8,SQ8,RFlat',
  'SQ8,Refine(SQfp16)',
];
const dim = 32;
const x = randomClusters(300, dim, 10, 1);

const folder = mkdtempSync(join(tmpdir(), 'univar-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bytesOf(factory: string, metric: 'ip' | 'l2'): Promise<Uint8Array> {
  const index = await VectorIndex.create({ dim, metric, factory });
  await index.train(x);
  await index.add(x);
  const bytes = await index.toBuffer();
  await index.dispose();
  return bytes;
}

describe('damaged index files', () => {
  it.each(KINDS)('%s: every truncation and every flipped bit is detected', async (factory) => {
    const bytes = await bytesOf(factory, 'l2');
    const random = seededRandom(2);
    for (let i = 0; i < 60; i++) {
      const cut = bytes.slice(0, Math.floor(random() * bytes.length));
      // Without its checksum, the index is complete and like any other FAISS file.
      if (cut.length !== bytes.length - CHECKSUM_BYTES) {
        await expect(VectorIndex.fromBuffer(cut)).rejects.toMatchObject({ code: 'ERR_DATA' });
      }
      const flipped = bytes.slice();
      flipped[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
      await expect(VectorIndex.fromBuffer(flipped)).rejects.toMatchObject({ code: 'ERR_DATA' });
    }
  });

  // Files of other programs have no checksum, so a damaged vector looks like a vector. An index that loads must then
  // work: within bounds and in finite time.
  it.each(KINDS)('%s: an index that loads from a damaged file without checksum can be used', async (factory) => {
    const whole = await bytesOf(factory, 'ip');
    const bytes = whole.slice(0, whole.length - CHECKSUM_BYTES);
    const random = seededRandom(3);
    const below = (n: number): number => Math.floor(random() * n);
    const sizes = [0n, 7n, 1n << 31n, 1n << 40n, 1n << 62n, (1n << 64n) - 1n];
    for (let i = 0; i < 120; i++) {
      const damaged = bytes.slice();
      const view = new DataView(damaged.buffer);
      if (i % 3 === 0) view.setBigUint64(below(damaged.length - 8), sizes[below(sizes.length)]!, true);
      else if (i % 3 === 1) damaged[below(Math.min(500, damaged.length))] = below(256);
      else for (let j = 0; j < 3; j++) damaged[below(damaged.length)]! ^= 1 << below(8);
      const outcome = await VectorIndex.fromBuffer(damaged).catch((error: unknown) => error);
      if (!(outcome instanceof VectorIndex)) {
        expect(outcome).toBeInstanceOf(EngineError);
        expect(outcome).toMatchObject({ code: 'ERR_DATA' });
        continue;
      }
      if (outcome.dim === dim && outcome.size > 0) {
        const { labels } = await outcome.search(x.subarray(0, 3 * dim), { k: Math.min(5, outcome.size) });
        expect(labels.every((label) => label >= -1)).toBe(true);
        await outcome.add(x.subarray(0, 30 * dim));
        await outcome.search(x, { k: 1 });
      }
      await outcome.dispose();
    }
  });

  it.each(KINDS)('%s: an index that is mapped from a damaged file can be searched', async (factory) => {
    const bytes = await bytesOf(factory, 'ip');
    const random = seededRandom(4);
    const below = (n: number): number => Math.floor(random() * n);
    const path = join(folder, 'mapped.faiss');
    let opened = 0;
    for (let i = 0; i < 80; i++) {
      const damaged = bytes.slice(0, i % 2 === 0 ? bytes.length : below(bytes.length));
      if (i % 2 === 0) damaged[below(damaged.length)]! ^= 1 << below(8);
      writeFileSync(path, damaged);
      const outcome = await VectorIndex.load(path, { map: true }).catch((error: unknown) => error);
      if (!(outcome instanceof VectorIndex)) {
        expect(outcome).toMatchObject({ code: 'ERR_DATA' });
        continue;
      }
      opened++;
      const { labels } = await outcome.search(x.subarray(0, 3 * dim), { k: 5 });
      expect(labels.every((label) => label >= -1)).toBe(true);
      await outcome.dispose();
    }
    // Most of a file is vectors and codes, whose damage only a full check detects.
    expect(opened).toBeGreaterThan(0);
  });

  it('detects damage to the list of removed rows', async () => {
    const index = await VectorIndex.fromBuffer(await bytesOf('HNSW8', 'l2'));
    await index.remove(Int32Array.of(1, 299));
    const bytes = await index.toBuffer();
    const plain = (await bytesOf('HNSW8', 'l2')).length - CHECKSUM_BYTES;
    for (let at = plain; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 0x80;
      await expect(VectorIndex.fromBuffer(flipped), String(at)).rejects.toMatchObject({ code: 'ERR_DATA' });
      if (at > plain)
        await expect(VectorIndex.fromBuffer(bytes.slice(0, at)), String(at)).rejects.toMatchObject({
          code: 'ERR_DATA',
        });
    }
  });

  it('reports the file and its fault', async () => {
    const path = join(folder, 'damaged.faiss');
    const attempt = async (content: Uint8Array | string): Promise<string> => {
      writeFileSync(path, content);
      const error: unknown = await VectorIndex.load(path).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'ERR_DATA' });
      expect((error as Error).message).toContain(path);
      return (error as Error).message;
    };
    const bytes = await bytesOf('HNSW8', 'l2');
    expect(await attempt('')).toContain('ends within its header');
    expect(await attempt('{"not": "an index"}')).toContain('not a supported index');
    expect(await attempt(bytes.slice(0, 1000))).toContain('ends within its');
    expect(await attempt(Buffer.concat([bytes.slice(0, -CHECKSUM_BYTES), Buffer.from('more')]))).toContain(
      'unknown bytes follow the index',
    );
    const flipped = bytes.slice();
    flipped[bytes.length - CHECKSUM_BYTES - 10]! ^= 1;
    expect(await attempt(flipped)).toContain('checksum');
  });

  it('rejects paths that are not files', async () => {
    await expect(VectorIndex.load(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ERR_DATA' });
    await expect(VectorIndex.load(folder)).rejects.toMatchObject({ code: 'ERR_DATA' });
    await expect(VectorIndex.load('/dev/zero')).rejects.toMatchObject({ code: 'ERR_DATA' });
    await expect(VectorIndex.load('')).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
    symlinkSync('loop', join(folder, 'loop'));
    await expect(VectorIndex.load(join(folder, 'loop'))).rejects.toMatchObject({ code: 'ERR_IO' });
  });
});

describe('writing index files', () => {
  it('fails cleanly without write permission', async () => {
    const index = await VectorIndex.create({ dim: 2, metric: 'ip', factory: 'Flat' });
    await expect(index.save(join(folder, 'no-such-folder', 'x'))).rejects.toMatchObject({ code: 'ERR_IO' });
    const taken = join(folder, 'taken');
    mkdirSync(taken);
    await expect(index.save(taken)).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining(taken) as string,
    });
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('keeps the old file if the process is killed while saving', async () => {
    const path = join(folder, 'killed.faiss');
    const old = await bytesOf('Flat', 'l2');
    writeFileSync(path, old);
    const program = `
      import { VectorIndex } from ${JSON.stringify(new URL('../../src/search/vector-index.ts', import.meta.url).href)};
      const index = await VectorIndex.create({ dim: 256, metric: 'l2', factory: 'Flat' });
      await index.add(new Float32Array(256 * 200_000).fill(0.5));
      process.stdout.write('saving');
      for (;;) await index.save(${JSON.stringify(path)});
    `;
    const script = join(folder, 'save.mts');
    writeFileSync(script, program);
    for (const delay of [5, 40, 150]) {
      const child = spawn(process.execPath, ['--import', fileURLToPath(import.meta.resolve('tsx')), script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, delay));
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await exited;
      // Either the old content or the complete new one.
      const index = await VectorIndex.load(path);
      expect([300, 200_000]).toContain(index.size);
      await index.dispose();
    }
  });

  it('keeps the old file if the disk is full', async (context) => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      context.skip('a small file system cannot be mounted here');
    }
    try {
      const path = join(disk, 'index.faiss');
      const small = await VectorIndex.create({ dim: 64, metric: 'ip', factory: 'Flat' });
      await small.add(randomNormal(100 * 64, 4));
      await small.save(path);
      const before = readFileSync(path);
      const large = await VectorIndex.create({ dim: 64, metric: 'ip', factory: 'Flat' });
      await large.add(randomNormal(20_000 * 64, 5));
      await expect(large.save(path)).rejects.toMatchObject({
        code: 'ERR_IO',
        message: expect.stringContaining('No space left') as string,
      });
      expect(Buffer.compare(readFileSync(path), before)).toBe(0);
      expect(readdirSync(disk)).toEqual(['index.faiss']);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('files shared with other FAISS builds', () => {
  const python = '/usr/bin/python3';
  const hasFaiss = (): boolean => {
    try {
      execFileSync(python, ['-c', 'import faiss, numpy'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };

  it('exchanges files with FAISS in Python', async (context) => {
    if (!existsSync(python) || !hasFaiss()) context.skip('Python with faiss and numpy is not installed');
    const queries = x.subarray(0, 20 * dim);
    const kinds = KINDS.filter((factory) => !factory.startsWith('OPQ')); // minutes of training in plain FAISS
    const cases = kinds.flatMap((factory) => (['ip', 'l2'] as const).map((metric) => ({ factory, metric })));
    writeFileSync(join(folder, 'x.f32'), new Uint8Array(x.buffer));
    for (const [i, { factory, metric }] of cases.entries())
      writeFileSync(join(folder, `ours-${i}`), await bytesOf(factory, metric));
    const program = `
import faiss, json, numpy as np, os
os.chdir(${JSON.stringify(folder)})
faiss.omp_set_num_threads(1)
x = np.fromfile("x.f32", dtype=np.float32).reshape(-1, ${dim})
for i, case in enumerate(json.loads(${JSON.stringify(JSON.stringify(cases))})):
    distances, labels = faiss.read_index(f"ours-{i}").search(x[:20], { k: 5 })
    labels.astype(np.int32).tofile(f"labels-{i}")
    distances.tofile(f"distances-{i}")
    factory = case["factory"].replace("PQ8x4", "PQ8x4np")
    metric = faiss.METRIC_INNER_PRODUCT if case["metric"] == "ip" else faiss.METRIC_L2
    made = faiss.index_factory(${dim}, factory, metric)
    made.train(x)
    made.add(x)
    faiss.write_index(made, f"theirs-{i}")
`;
    execFileSync(python, ['-c', program], { stdio: 'ignore' });
    const read = (name: string): ArrayBuffer => new Uint8Array(readFileSync(join(folder, name))).buffer;
    for (const [i, { factory, metric }] of cases.entries()) {
      const index = await VectorIndex.load(join(folder, `ours-${i}`));
      const found = await index.search(queries, { k: 5 });
      const labels = new Int32Array(read(`labels-${i}`));
      const same = found.labels.filter((label, j) => label === labels[j]).length / labels.length;
      expect(same, `${factory} ${metric}`).toBeGreaterThan(0.9);
      new Float32Array(read(`distances-${i}`)).forEach((distance, j) =>
        expect(found.distances[j]).toBeCloseTo(distance, 2),
      );
      const foreign = await VectorIndex.load(join(folder, `theirs-${i}`));
      expect(foreign.size).toBe(300);
      expect((await foreign.search(queries, { k: 1 })).labels).toHaveLength(20);
    }
  });

  it('exchanges files with faiss-node', async (context) => {
    interface Foreign {
      search(query: number[], k: number): { labels: number[] };
      write(path: string): void;
    }
    const name = 'faiss-node';
    const peer = (await import(name).catch(() => undefined)) as { Index: { read(path: string): Foreign } } | undefined;
    if (!peer) return context.skip('the package faiss-node is not installed');
    for (const factory of ['Flat', 'HNSW8', 'IVF8,Flat', 'IVF8,PQ8x4']) {
      const path = join(folder, 'node.faiss');
      writeFileSync(path, await bytesOf(factory, 'l2'));
      const theirs = peer.Index.read(path);
      const ours = await VectorIndex.load(path);
      const query = x.subarray(0, dim);
      expect(theirs.search([...query], 1).labels).toEqual([...(await ours.search(query, { k: 1 })).labels]);
      theirs.write(path);
      expect((await VectorIndex.load(path)).size).toBe(300);
    }
  });
});
