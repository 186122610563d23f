import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { EngineError } from '../core/errors.js';
import { forkModule } from '../core/start-module.js';
import type { CheckReply, CheckRequest } from './answer-checks-child.js';
import type { LanguageEntry } from './project-types.js';
import type { AnswerFault } from './records.js';

/** The faults of an answer, see `answerFaults`. */
export type AnswerCheck = (answer: string, finish: string, language: string) => Promise<AnswerFault[]>;

interface Pending {
  resolve: (faults: AnswerFault[]) => void;
  reject: (error: EngineError) => void;
}

/** Keeps little garbage in the child's heap. */
const NODE_FLAGS = ['--max-semi-space-size=1'];
/** Makes glibc return the memory that parsing the tables of the language identifier took: 70 MB. */
const MEMORY_SETTINGS = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '16384' };

/**
 * Checks answers in a child process, which starts at the first answer and ends with the stage. The language identifier
 * takes more memory than everything else, and a thread would not give it back.
 */
export class AnswerChecks {
  /** Oldest first; replies come in the order of the requests. */
  readonly #pending: Pending[] = [];
  #child: ChildProcess | undefined;
  #death: EngineError | undefined;

  /** @param table languages by code. `env` is the child's environment */
  constructor(
    private readonly table: ReadonlyMap<string, LanguageEntry>,
    private readonly env: Readonly<Record<string, string | undefined>>,
  ) {}

  readonly check: AnswerCheck = (answer, finish, language) => {
    const child = (this.#child ??= this.#start());
    return new Promise((resolve, reject) => {
      if (this.#death) {
        reject(this.#death);
        return;
      }
      this.#pending.push({ resolve, reject });
      // If this fails, the child has ended, and #die rejects.
      child.send({ answer, finish, language } satisfies CheckRequest, () => undefined);
    });
  };

  /** Kills the child, which has no state to save. */
  async end(): Promise<void> {
    if (!this.#child || this.#death) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }

  #start(): ChildProcess {
    const child = forkModule('generation/answer-checks-child', {
      execArgv: NODE_FLAGS,
      env: { ...this.env, ...MEMORY_SETTINGS },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (reply: CheckReply) => {
      if (Array.isArray(reply)) this.#pending.shift()?.resolve(reply);
      else this.#die(new EngineError(reply.code, reply.message));
    });
    child.once('error', (error) => this.#die(ended(error.message)));
    child.once('close', (code, signal) => this.#die(ended(signal ?? `exit code ${String(code)}`)));
    child.send([...this.table], () => undefined);
    return child;
  }

  #die(why: EngineError): void {
    this.#death ??= why;
    for (const { reject } of this.#pending.splice(0)) reject(this.#death);
  }
}

function ended(how: string): EngineError {
  return new EngineError('ERR_DEVICE_UNAVAILABLE', `The process that checks answers ended: ${how}`, {
    remedies: [{ text: 'run the same command again to resume' }],
  });
}
