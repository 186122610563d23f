import { EngineError } from '../core/errors.js';

type SignalName = 'SIGINT' | 'SIGTERM';

/** Exit codes of a process that a signal ended, as a shell reports them. */
const EXIT_CODES: Readonly<Record<SignalName, number>> = { SIGINT: 130, SIGTERM: 143 };
/** Time that a command has after a signal to end in good order. */
const LAST_MS = 4000;
/** Time after which a process that its own signal did not end exits: the first process of a container. */
const STUBBORN_MS = 200;

export interface InterruptionOptions {
  /** Writes a line to standard error. */
  log: (text: string) => void;
  /** Whether the command limits its end itself, as a server that drains does. */
  limitsItself: boolean;
}

/**
 * Ends a command after one SIGINT or SIGTERM. First it aborts the work in progress. If the process still runs four
 * seconds later, whatever it waits for, it ends with the message and the exit code of an interrupted command. A second
 * signal of the same kind has its default effect: it ends the process immediately.
 */
export class Interruption {
  readonly #controller = new AbortController();
  #exitCode: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: InterruptionOptions) {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => this.#begin(name));
  }

  /** Fires at the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Exit code of a command that the signal ended; undefined before a signal. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Call it when the command has ended. The time limit then applies only if something keeps the process alive. */
  release(): void {
    this.#timer?.unref();
  }

  #begin(name: SignalName): void {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = EXIT_CODES[name];
    // It also keeps the process alive, which would otherwise end without a message if nothing else does.
    if (!this.options.limitsItself) this.#timer = setTimeout(() => this.#end(name), LAST_MS);
    this.#controller.abort(new EngineError('ERR_ABORTED', 'Interrupted'));
  }

  /**
   * Ends the process by the default effect of the signal. Native code may still be computing, and would crash if the
   * process exited in the normal way.
   */
  #end(name: SignalName): void {
    const code = EXIT_CODES[name];
    if (process.exitCode === undefined) this.options.log('error: Interrupted');
    else if (process.exitCode !== code) process.exit();
    process.removeAllListeners(name);
    process.kill(process.pid, name);
    setTimeout(() => process.exit(code), STUBBORN_MS);
  }
}
