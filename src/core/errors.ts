/**
 * The one error class of the engine and the table of its codes. The HTTP server answers with `http`, the command line
 * exits with `exit`. Add a code only if some caller would act on it differently.
 */
export const ERROR_CODES = {
  /** An argument has the wrong type or an unknown name. */
  ERR_ARG_TYPE: { http: 400, exit: 2 },
  /** An argument or a piece of input has a value that is not allowed. */
  ERR_ARG_RANGE: { http: 400, exit: 2 },
  /** Lengths of arrays, dimensions or columns do not fit together. */
  ERR_SHAPE_MISMATCH: { http: 400, exit: 2 },
  /** A file is missing, truncated, damaged, or not what it should be. */
  ERR_DATA: { http: 400, exit: 2 },
  /** The object was disposed before the call. */
  ERR_DISPOSED: { http: 409, exit: 1 },
  /** Something else holds what the call needs, such as an output folder. */
  ERR_BUSY: { http: 409, exit: 1 },
  /** More work is waiting than the service takes; the same request will do later. */
  ERR_OVERLOADED: { http: 503, exit: 1 },
  /** Cancelled by an AbortSignal or Ctrl-C. */
  ERR_ABORTED: { http: 499, exit: 130 },
  /** Host or device memory ran out; the message says which and how much was asked for. */
  ERR_OUT_OF_MEMORY: { http: 503, exit: 1 },
  /**
   * The file system refused: disk full, no permission, read-only. Nothing half-written is left under its final name.
   */
  ERR_IO: { http: 503, exit: 1 },
  /** The requested backend or instruction set is not there. */
  ERR_DEVICE_UNAVAILABLE: { http: 503, exit: 1 },
  /** A CUDA call failed. */
  ERR_CUDA: { http: 503, exit: 1 },
  /** The addon or an optional package could not be loaded; the message says what was tried and what to do. */
  ERR_NATIVE_LOAD: { http: 503, exit: 1 },
  /** An endpoint on the network cannot be reached, refuses, or answers nonsense. */
  ERR_REMOTE: { http: 502, exit: 1 },
  /** Going on could cost more than the caller allowed. */
  ERR_BUDGET: { http: 402, exit: 1 },
  /** A NaN or infinity where only finite numbers make sense. */
  ERR_NON_FINITE: { http: 500, exit: 1 },
  /** A bug of the engine. */
  ERR_INTERNAL: { http: 500, exit: 70 },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An option of the function that failed. Each caller has its own way to write it: the command line writes a flag. */
export interface OptionHint {
  name: string;
  /** For an option that is an object, the one key that helps and its value. */
  value: string | boolean | Readonly<Record<string, string>>;
}

/** Something that the caller can do about an error. */
export interface Remedy {
  /** What to do, for example `replace it`. */
  text: string;
  /** The option that does it. */
  option?: OptionHint;
}

export interface EngineErrorOptions {
  /** The underlying error, kept as `error.cause`. */
  cause?: unknown;
  /** Alternatives, the best first. They become part of the message. */
  remedies?: readonly Remedy[];
  /** Stack frames above and including this function are left out, so that the stack starts at the caller's line. */
  hideAbove?: (...args: never[]) => unknown;
}

/** Every error that the engine throws on purpose. `code` is one of {@link ERROR_CODES}. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: ErrorCode;
  /** The message without the remedies. */
  readonly problem: string;
  readonly remedies: readonly Remedy[];

  /** @param problem what is wrong; with the remedies of the options it makes up `message` */
  constructor(code: ErrorCode, problem: string, options: EngineErrorOptions = {}) {
    const { remedies = [] } = options;
    super(withRemedies(problem, remedies, asProperty), options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.problem = problem;
    this.remedies = remedies;
    if (options.hideAbove) Error.captureStackTrace(this, options.hideAbove);
  }

  /** Status of an HTTP answer that reports this error. */
  get httpStatus(): number {
    return ERROR_CODES[this.code].http;
  }

  /** Exit code of a process that ends because of this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/**
 * What is wrong and what can be done about it, in one sentence: `It exists; take another name, or replace it
 * (overwrite: true)`.
 *
 * @param writeOption writes an option as the reader would give it
 */
export function withRemedies(
  problem: string,
  remedies: readonly Remedy[],
  writeOption: (option: OptionHint) => string,
): string {
  const list = remedies.map(({ text, option }) => (option ? `${text} (${writeOption(option)})` : text));
  return list.length === 0 ? problem : `${problem}; ${list.join(', or ')}`;
}

/** As a property of an options object. */
function asProperty({ name, value }: OptionHint): string {
  if (typeof value !== 'object') return `${name}: ${value}`;
  const entries = Object.entries(value).map(([key, entry]) => `${key}: ${entry}`);
  return `${name}: { ${entries.join(', ')} }`;
}

/** True when `value` is one of the codes of {@link ERROR_CODES}. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value);
}
