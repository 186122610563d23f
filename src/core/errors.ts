/**
 * The only error class of univar, and the table of its codes. The HTTP server responds with the status `http`, and the
 * command line exits with `exit`. Add a code only if some caller would handle it differently.
 */
export const ERROR_CODES = {
  /** An argument has the wrong type or an unknown name. */
  ERR_ARG_TYPE: { http: 400, exit: 2 },
  /** An argument or a part of the input has a value that is not allowed. */
  ERR_ARG_RANGE: { http: 400, exit: 2 },
  /** Lengths of arrays, dimensions or columns do not fit together. */
  ERR_SHAPE_MISMATCH: { http: 400, exit: 2 },
  /** A file is missing, truncated, damaged, or has the wrong content. */
  ERR_DATA: { http: 400, exit: 2 },
  /** The object was disposed of before the call. */
  ERR_DISPOSED: { http: 409, exit: 1 },
  /** Another process or call is using a resource, such as an output folder. */
  ERR_BUSY: { http: 409, exit: 1 },
  /** The service has too much work waiting; the same request can succeed later. */
  ERR_OVERLOADED: { http: 503, exit: 1 },
  /** Cancelled by an AbortSignal or Ctrl-C. */
  ERR_ABORTED: { http: 499, exit: 130 },
  /** Host or device memory ran out; the message says which memory and how much was requested. */
  ERR_OUT_OF_MEMORY: { http: 503, exit: 1 },
  /** The file system failed: disk full, no permission, read-only. No half-written file has its final name. */
  ERR_IO: { http: 503, exit: 1 },
  /** The requested backend or instruction set is not available. */
  ERR_DEVICE_UNAVAILABLE: { http: 503, exit: 1 },
  /** A CUDA call failed. */
  ERR_CUDA: { http: 503, exit: 1 },
  /** The addon or an optional package could not be loaded; the message says what was tried and what to do. */
  ERR_NATIVE_LOAD: { http: 503, exit: 1 },
  /** An endpoint on the network cannot be reached, refuses the request, or sends an invalid answer. */
  ERR_REMOTE: { http: 502, exit: 1 },
  /** Continuing could exceed the budget. */
  ERR_BUDGET: { http: 402, exit: 1 },
  /** A NaN or an infinity among values that must be finite. */
  ERR_NON_FINITE: { http: 500, exit: 1 },
  /** A bug in univar. */
  ERR_INTERNAL: { http: 500, exit: 70 },
} as const;

/** What kind of problem an `EngineError` reports. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** An option of the function that failed. Each caller writes it in its own way; the command line writes a flag. */
export interface OptionHint {
  name: string;
  /** Value of the option. If the option is an object, the relevant key and its value. */
  value: string | boolean | Readonly<Record<string, string>>;
}

/** An action of the caller that can remove the cause of an error. */
export interface Remedy {
  /** Imperative clause, for example `replace it`. */
  text: string;
  /** The option that does it. */
  option?: OptionHint;
}

/** Options of the constructor of `EngineError`. */
export interface EngineErrorOptions {
  /** The underlying error, kept as `error.cause`. */
  cause?: unknown;
  /** Alternatives, best first. They become part of the message. */
  remedies?: readonly Remedy[];
  /** Function to remove from the stack with all frames above it, so that the stack starts at the caller's line. */
  hideAbove?: (...args: never[]) => unknown;
}

/** Class of all errors that univar throws on purpose. `code` is one of {@link ERROR_CODES}. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: ErrorCode;
  /** The message without the remedies. */
  readonly problem: string;
  readonly remedies: readonly Remedy[];

  /** @param problem says what is wrong; `message` is the problem followed by the remedies */
  constructor(code: ErrorCode, problem: string, options: EngineErrorOptions = {}) {
    const { remedies = [] } = options;
    super(withRemedies(problem, remedies, asProperty), options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.problem = problem;
    this.remedies = remedies;
    if (options.hideAbove) Error.captureStackTrace(this, options.hideAbove);
  }

  /** Status of an HTTP response that reports this error. */
  get httpStatus(): number {
    return ERROR_CODES[this.code].http;
  }

  /** Exit code of a process that ends because of this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/**
 * Joins a problem and its remedies to one sentence: `It exists; take another name, or replace it (overwrite: true)`.
 *
 * @param writeOption formats an option as the reader would write it
 */
export function withRemedies(
  problem: string,
  remedies: readonly Remedy[],
  writeOption: (option: OptionHint) => string,
): string {
  const list = remedies.map(({ text, option }) => (option ? `${text} (${writeOption(option)})` : text));
  return list.length === 0 ? problem : `${problem}; ${list.join(', or ')}`;
}

/** Formats an option as a property of an options object. */
function asProperty({ name, value }: OptionHint): string {
  if (typeof value !== 'object') return `${name}: ${value}`;
  const entries = Object.entries(value).map(([key, entry]) => `${key}: ${entry}`);
  return `${name}: { ${entries.join(', ')} }`;
}

/** Returns whether `value` is one of the codes of {@link ERROR_CODES}. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value);
}
