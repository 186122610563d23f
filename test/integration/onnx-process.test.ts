/** Tests the encoder's child process: invalid models, crashes, and the lifetimes of both processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Encoder } from '../../src/encoder/encoder.js';
import type { LoadEncoderOptions } from '../../src/encoder/encoder-plan.js';
import { readModelFolder } from '../../src/encoder/folder/model-folder.js';
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import { sessionSettings } from '../../src/encoder/load-transformer.js';
import { BatchEncoder } from '../../src/encoder/runners/batch-encoder.js';
import { OnnxProcess } from '../../src/encoder/runners/onnx-process.js';
import { loadTokenizer } from '../../src/text/tokenizers/load-tokenizer.js';
import { onnxModel } from '../support/onnx-bytes.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TINY_DIM, TINY_GRAPH, tinyMean, writeTinyEncoder } from '../support/tiny-encoder.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const [weights] = TINY_GRAPH.weights;
const load = (changes: Record<string, unknown> = {}, options?: LoadEncoderOptions): Promise<Encoder> =>
  loadEncoder(writeTinyEncoder(temporaryFolder(), changes), options);
const graph = (changes: Partial<typeof TINY_GRAPH>): Buffer => onnxModel({ ...TINY_GRAPH, ...changes });

const unhandled = vi.fn();
process.on('unhandledRejection', unhandled);
afterEach(() => {
  vi.unstubAllEnvs();
  expect(unhandled).not.toHaveBeenCalled();
});

describe('a tiny model', () => {
  it('gives the mean of its token vectors, for any batches', async () => {
    for (const batchTokens of [1, 9, 4096]) {
      const encoder = await load({}, { batchTokens });
      const { embeddings } = await encoder.encode(['a', '', 'a b c a b c a b c', 'C d']);
      expect([...embeddings]).toEqual(
        [
          [2, 4, 3],
          [2, 3],
          [2, 4, 5, 6, 4, 5, 6, 3],
          [2, 6, 1, 3],
        ]
          .flatMap(tinyMean)
          .map(Math.fround),
      );
      await encoder.dispose();
    }
  });

  it('can take int32 and have its weights in another file', async () => {
    const external = {
      'model.onnx': graph({
        inputs: TINY_GRAPH.inputs.map((input) => ({ ...input, type: 'int32' as const })),
        weights: [{ ...weights!, data: 'model.safetensors' }],
      }),
      'model.safetensors': Buffer.from((weights!.data as Float32Array).buffer),
    };
    const encoder = await load(external);
    expect([...(await encoder.encode(['b'])).embeddings]).toEqual(tinyMean([2, 5, 3]).map(Math.fround));
    await encoder.dispose();
    await expect(load({ ...external, 'model.safetensors': Buffer.alloc(8) })).rejects.toMatchObject({
      code: 'ERR_DATA',
    });
  });

  it('reports a token outside of its table, and continues', async () => {
    const encoder = await load({
      'model.onnx': graph({ weights: [{ ...weights!, dims: [6, TINY_DIM], data: new Float32Array(24) }] }),
    });
    await expect(encoder.encode(['a c'])).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('model.onnx failed') as string,
    });
    expect((await encoder.encode(['a b'])).rows).toBe(1);
    await encoder.dispose();
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    [
      'no ONNX',
      { 'model.onnx': 'version https://git-lfs.github.com/spec/v1' },
      'ERR_DATA',
      /model\.onnx is not a complete ONNX file/,
    ],
    [
      'a cut file',
      { 'model.onnx': onnxModel(TINY_GRAPH).subarray(0, 150) },
      'ERR_DATA',
      /model\.onnx is not a complete ONNX file/,
    ],
    [
      'an unknown operation',
      { 'model.onnx': graph({ nodes: [{ ...TINY_GRAPH.nodes[0]!, op: 'Gathre' }] }) },
      'ERR_DATA',
      /model\.onnx is not a model that .*Gathre/s,
    ],
    [
      'an unknown input',
      { 'model.onnx': graph({ inputs: [...TINY_GRAPH.inputs, { name: 'pixels', type: 'float32', dims: [1] }] }) },
      'ERR_DATA',
      /got "pixels" \(float32\)/,
    ],
    [
      'no attention mask',
      { 'model.onnx': graph({ inputs: TINY_GRAPH.inputs.slice(0, 1) }) },
      'ERR_DATA',
      /no input "attention_mask"/,
    ],
    [
      'no vectors of tokens',
      {
        'model.onnx': graph({
          nodes: [...TINY_GRAPH.nodes, { op: 'Size', inputs: ['last_hidden_state'], outputs: ['size'] }],
          outputs: [{ name: 'size', type: 'int64', dims: [] }],
        }),
      },
      'ERR_DATA',
      /expected a float32 output \[batch, tokens, dim\], got "size" \(int64/,
    ],
    [
      'another width',
      { '1_Pooling/config.json': { pooling_mode: 'cls', word_embedding_dimension: 5 } },
      'ERR_DATA',
      /expected float32 \[1, 2, 5\] .*got float32 \[1, 2, 4\]/,
    ],
    [
      'weights that are not numbers',
      { 'model.onnx': graph({ weights: [{ ...weights!, data: new Float32Array(28).fill(NaN) }] }) },
      'ERR_NON_FINITE',
      /NaN/,
    ],
  ])('refuses %s', async (_, changes, code, message) => {
    await expect(load(changes)).rejects.toMatchObject({
      name: 'EngineError',
      code,
      message: expect.stringMatching(message) as string,
    });
  });
});

it('says what to do if ONNX Runtime is not installed', async () => {
  const folder = temporaryFolder();
  const files = {
    'register.mjs': `import Module, { register } from 'node:module';
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (name, ...rest) => {
      if (name === 'onnxruntime-node') throw Object.assign(new Error('no such package'), { code: 'MODULE_NOT_FOUND' });
      return resolve(name, ...rest);
    };
    register('./hook.mjs', import.meta.url);`,
    'hook.mjs': `export function resolve(name, context, next) {
      if (name === 'onnxruntime-node') throw new Error('no such package');
      return next(name, context);
    }`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  vi.stubEnv('NODE_OPTIONS', `--import=${pathToFileURL(join(folder, 'register.mjs')).href}`);
  await expect(load()).rejects.toMatchObject({
    code: 'ERR_NATIVE_LOAD',
    message:
      'The onnx backend needs the npm package "onnxruntime-node": ' +
      'run ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@1',
  });
});

describe('a process that is killed', () => {
  it('fails the call with its output, and the next call starts another process', async () => {
    vi.stubEnv('NODE_OPTIONS', `--import=data:text/javascript,${encodeURIComponent('console.error("last words")')}`);
    const model = await readModelFolder(writeTinyEncoder(temporaryFolder()));
    const start = (): Promise<OnnxProcess> => OnnxProcess.start(sessionSettings(model, 1));
    const first = await start();
    const tokenizer = await loadTokenizer(model.tokenizerFile);
    const encoder = new BatchEncoder(
      { model, backend: 'onnx', precision: 'f32', fingerprint: '', tokenizer, maxTokens: 8, batchTokens: 8, start },
      first,
    );
    const texts = Array.from({ length: 4000 }, () => 'a b c a b c'); // one batch each, so that most are still pending
    const doomed = encoder.encode(texts, { onProgress: () => process.kill(first.pid!, 'SIGKILL') });
    const waiting = encoder.encode(texts.slice(0, 1));
    await expect(doomed).rejects.toMatchObject({
      code: 'ERR_DEVICE_UNAVAILABLE',
      message: expect.stringMatching(/model\.onnx was killed by SIGKILL.*last words/s) as string,
    });
    expect((await waiting).rows).toBe(1);
    expect(first.alive).toBe(false);
    await encoder.dispose();
  });

  it('is also reported while it loads', async () => {
    const folder = await readModelFolder(writeTinyEncoder(temporaryFolder()));
    vi.stubEnv('NODE_OPTIONS', `--import=data:text/javascript,${encodeURIComponent('process.exit(9)')}`);
    await expect(OnnxProcess.start(sessionSettings(folder, 1))).rejects.toMatchObject({
      code: 'ERR_DEVICE_UNAVAILABLE',
      message: expect.stringContaining('exited with code 9') as string,
    });
  });
});

/** Runs a program in Node with TypeScript, with `encoder` loaded from `folder`. */
function program(folder: string, body: string) {
  const code = `
    const { loadEncoder } = await import('./src/encoder/load-encoder.ts');
    const { sessionSettings } = await import('./src/encoder/load-transformer.ts');
    const { OnnxProcess } = await import('./src/encoder/runners/onnx-process.ts');
    const { readModelFolder } = await import('./src/encoder/folder/model-folder.ts');
    const folder = ${JSON.stringify(folder)};
    ${body}`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', code];
  return spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function firstLine(child: ReturnType<typeof program>): Promise<string> {
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  return text.toString().trim();
}

/** A process that has ended can stay listed until its parent collects it. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

describe('a program that uses it', () => {
  it('ends if it is idle, without dispose()', async () => {
    const child = program(
      writeTinyEncoder(temporaryFolder()),
      `
      const encoder = await loadEncoder(folder);
      const { rows } = await encoder.encode(['a', 'b']);
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(rows, (await encoder.encode(['a'])).rows);`,
    );
    expect(await firstLine(child)).toBe('2 1');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('ends the process too if it is killed during work', async () => {
    const child = program(
      writeTinyEncoder(temporaryFolder()),
      `
      const runner = await OnnxProcess.start(sessionSettings(await readModelFolder(folder), 1));
      const offsets = Int32Array.from({ length: 65 }, (_, i) => 4096 * i);
      const batch = { ids: new Int32Array(64 * 4096).fill(4), offsets };
      console.log(runner.pid);
      await Promise.all(Array.from({ length: 200 }, () => runner.encode(batch)));`,
    );
    const pid = Number(await firstLine(child));
    expect(isRunning(pid)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 60_000, interval: 50 });
  });

  it('can use it in several worker threads', async () => {
    const folder = writeTinyEncoder(temporaryFolder());
    const rows = [1, 2].map(async () => {
      const worker = new Worker(new URL('../support/encoder-worker.mjs', import.meta.url), { workerData: folder });
      const [message] = (await once(worker, 'message')) as [number];
      expect(await once(worker, 'exit')).toEqual([0]);
      return message;
    });
    expect(await Promise.all(rows)).toEqual([2, 2]);
  });
});
