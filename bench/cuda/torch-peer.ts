/**
 * PyTorch as a peer: a process (torch_peer.py) that reads its inputs from files and makes runs on request, one at a
 * time.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Subject } from '../../packages/bench-gate/src/benchmark.js';
import { median } from '../../packages/bench-gate/src/timing/statistics.js';

/** Version of PyTorch in the host's python3; undefined if it is not installed. */
export const TORCH = process.env['UNIVAR_TORCH'] || undefined;

const PROGRAM = fileURLToPath(new URL('torch_peer.py', import.meta.url));
const STDERR_TAIL = 4000;
/** A single write must be smaller than 2 GiB. */
const PIECE_BYTES = 2 ** 30;

export type TorchMode = 'eager' | 'compiled';

export interface TorchOptions {
  operation: 'infoNce' | 'topK' | 'encode' | 'train';
  /** Excludes the copies from and to the host from the seconds. @default false */
  withoutCopies?: boolean;
  /** Options of the operation; see the classes of torch_peer.py. */
  [name: string]: unknown;
}

interface Times {
  seconds: number;
  deviceSeconds: number;
}

export class TorchPeer<Results> implements Subject {
  readonly timesItself = true;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #deviceSeconds: number[] = [];
  readonly #withoutCopies: boolean;
  #stderr = '';

  /** Results of the peer's `report`, to compare with. */
  results!: Results;

  /** Resolves after PyTorch has computed once, which includes the compilation of torch.compile. */
  static async start<Results>(
    options: TorchOptions,
    inputs: Record<string, Float32Array | Int32Array>,
  ): Promise<TorchPeer<Results>> {
    const folder = mkdtempSync(join(tmpdir(), 'univar-torch-'));
    try {
      for (const [name, values] of Object.entries(inputs)) writeNumbers(join(folder, name), values);
      const device = process.env['UNIVAR_BACKEND'] === 'cuda' ? 'cuda' : 'cpu';
      const peer = new TorchPeer<Results>(
        [folder, JSON.stringify({ ...options, device })],
        options.withoutCopies ?? false,
      );
      peer.results = await peer.#next<Results>();
      return peer;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  private constructor(args: readonly string[], withoutCopies: boolean) {
    this.#withoutCopies = withoutCopies;
    // In a bundle with libraries (scripts/gpu-host/run.sh), Python must find its own.
    const { UNIVAR_HOST_LIBRARY_PATH: own, ...env } = process.env;
    this.#child = spawn('python3', [PROGRAM, ...args], {
      env: own === undefined ? env : { ...env, LD_LIBRARY_PATH: own },
      stdio: 'pipe',
    });
    this.#child
      .stderr!.setEncoding('utf8')
      .on('data', (text: string) => (this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL)));
    this.#child.on('error', ({ message }) => (this.#stderr += message));
    this.#child.stdin!.on('error', () => undefined); // The process has ended. The missing next line is reported.
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Returns the seconds from arrays on the host to results on the host, or without these copies. */
  async run(): Promise<number> {
    this.#child.stdin!.write('run\n');
    const { seconds, deviceSeconds } = await this.#next<Times>();
    this.#deviceSeconds.push(deviceSeconds);
    return this.#withoutCopies ? deviceSeconds : seconds;
  }

  details(): Record<string, unknown> {
    return { peerSecondsWithoutCopies: median(this.#deviceSeconds) };
  }

  close(): void {
    this.#child.stdin!.end();
  }

  async #next<T>(): Promise<T> {
    const line = await this.#lines.next();
    if (line.done) throw new Error(`PyTorch ended: ${this.#stderr.trim()}`);
    return JSON.parse(line.value) as T;
  }
}

function writeNumbers(path: string, values: Float32Array | Int32Array): void {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const file = openSync(path, 'w');
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(PIECE_BYTES, bytes.length - at));
  closeSync(file);
}
