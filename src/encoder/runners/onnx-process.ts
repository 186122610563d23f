/**
 * Runs one model in ONNX Runtime in a child process. It cannot be a thread, because onnxruntime-node computes on the
 * thread that calls it, and crashes when several threads of a process load it (microsoft/onnxruntime #24486).
 */
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

import { EngineError } from '../../core/errors.js';
import { forkModule } from '../../core/start-module.js';
import type { PackedTokens } from '../../native/packed-tokens.js';
import type { ChildReply, ChildRequest, SessionSettings } from './child-protocol.js';

/** Number of characters of the child's stderr to keep for the error message if it dies. */
const STDERR_TAIL = 4000;

interface Pending {
  resolve: (reply: ChildReply) => void;
  reject: (error: EngineError) => void;
}

export class OnnxProcess {
  readonly #child: ChildProcess;
  readonly #settings: SessionSettings;
  /** Unanswered requests, oldest first. */
  readonly #pending: Pending[] = [];
  readonly #closed: Promise<void>;
  #stderr = '';
  #death: EngineError | undefined;

  /**
   * Starts a process and loads the model in it.
   *
   * @throws EngineError like {@link OnnxSession.load}; `ERR_DEVICE_UNAVAILABLE` if the process does not start or dies
   */
  static async start(settings: SessionSettings): Promise<OnnxProcess> {
    const started = new OnnxProcess(settings);
    try {
      await started.#ask({ type: 'load', settings });
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  private constructor(settings: SessionSettings) {
    this.#settings = settings;
    this.#child = forkModule('encoder/runners/onnx-child', {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#closed = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        const hint = signal === 'SIGKILL' ? ' (the system does this when memory runs out)' : '';
        this.#die(signal === null ? `exited with code ${String(code)}` : `was killed by ${signal}${hint}`);
        resolve();
      });
      this.#child.once('error', (error) => {
        this.#die(`failed: ${error.message}`);
        if (this.#child.pid === undefined) resolve(); // never started, so there is no 'close' event
      });
    });
    this.#child.on('message', (reply: ChildReply) => {
      this.#pending.shift()?.resolve(reply);
      this.#keepParentAlive(this.#pending.length > 0);
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    this.#keepParentAlive(false);
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  /** Id of the process. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * @returns [sequences, dim]
   * @throws EngineError like {@link OnnxSession.run}; `ERR_DEVICE_UNAVAILABLE` if the process dies
   */
  async encode(batch: PackedTokens): Promise<Float32Array> {
    const reply = await this.#ask({ type: 'encode', ...batch });
    if (reply.type !== 'encoded')
      throw new EngineError('ERR_INTERNAL', `The encoder process answered "${reply.type}" to a batch`);
    return reply.embeddings;
  }

  /** Kills the process and waits until it is gone. It has no state to save. Idempotent. */
  async stop(): Promise<void> {
    if (this.alive) {
      this.#keepParentAlive(true);
      this.#child.kill('SIGKILL');
    }
    await this.#closed;
  }

  async #ask(request: ChildRequest): Promise<Exclude<ChildReply, { type: 'failed' }>> {
    if (this.#death) throw this.#death;
    const reply = await new Promise<ChildReply>((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#keepParentAlive(true);
      // If the channel is closed, the child is dying, and its 'close' event rejects with the reason.
      this.#child.send(request, () => undefined);
    });
    if (reply.type === 'failed') throw new EngineError(reply.code, reply.message);
    return reply;
  }

  #die(how: string): void {
    const stderr = this.#stderr.trim();
    this.#death ??= new EngineError(
      'ERR_DEVICE_UNAVAILABLE',
      `The encoder process of ${this.#settings.modelFile} ${how}; the next call starts a new one. ` +
        (stderr === '' ? '' : `It printed:\n${stderr}`),
    );
    for (const { reject } of this.#pending.splice(0)) reject(this.#death);
  }

  /** Keeps the program running while the encoder computes, but not while it is idle. */
  #keepParentAlive(keep: boolean): void {
    const method = keep ? 'ref' : 'unref';
    this.#child[method]();
    this.#child.channel?.[method]();
    (this.#child.stderr as Socket | null)?.[method]();
  }
}
