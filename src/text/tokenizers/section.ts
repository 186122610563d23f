import { EngineError } from '../../core/errors.js';
import { describe } from '../../core/validate.js';

/**
 * An object in a JSON file that knows its path, so that every error names the file and the setting. All methods throw
 * EngineError `ERR_DATA`.
 */
export class Section {
  private constructor(
    private readonly file: string,
    private readonly place: string,
    private readonly content: Record<string, unknown>,
  ) {}

  /** Parses the contents of a file, which must be one JSON object. */
  static parse(text: string, file: string): Section {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (cause) {
      throw new EngineError('ERR_DATA', `${file}: not valid JSON: ${(cause as Error).message}`, { cause });
    }
    return Section.from(parsed, file, '');
  }

  private static from(value: unknown, file: string, place: string): Section {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new EngineError(
        'ERR_DATA',
        `${file}: expected an object${place && ` for "${place}"`}, got ${describe(value)}`,
      );
    }
    return new Section(file, place, value as Record<string, unknown>);
  }

  path(key: string): string {
    return this.place === '' ? key : `${this.place}.${key}`;
  }

  keys(): string[] {
    return Object.keys(this.content);
  }

  value(key: string): unknown {
    return Object.hasOwn(this.content, key) ? this.content[key] : undefined;
  }

  error(key: string, what: string): EngineError {
    return new EngineError(
      'ERR_DATA',
      `${this.file}: expected ${what} for "${this.path(key)}", got ${describe(this.value(key))}`,
    );
  }

  section(key: string): Section {
    return Section.from(this.value(key), this.file, this.path(key));
  }

  optionalSection(key: string): Section | undefined {
    const value = this.value(key);
    return value === undefined || value === null ? undefined : this.section(key);
  }

  sections(key: string): Section[] {
    const value = this.value(key);
    if (!Array.isArray(value)) throw this.error(key, 'an array');
    return value.map((entry, i) => Section.from(entry, this.file, this.path(`${key}[${i}]`)));
  }

  string(key: string): string {
    const value = this.value(key);
    if (typeof value !== 'string') throw this.error(key, 'a string');
    return value;
  }

  boolean(key: string): boolean {
    const value = this.value(key);
    if (typeof value !== 'boolean') throw this.error(key, 'true or false');
    return value;
  }

  integer(key: string, min: number, max: number): number {
    const value = this.value(key);
    if (!isInteger(value, min, max)) throw this.error(key, `an integer from ${min} to ${max}`);
    return value;
  }

  integers(key: string, min: number, max: number): number[] {
    const value = this.value(key);
    if (!Array.isArray(value)) throw this.error(key, 'an array');
    return value.map((entry) => {
      if (!isInteger(entry, min, max)) throw this.error(key, `integers from ${min} to ${max}`);
      return entry;
    });
  }

  /** Reads the id of a pair [token, id]. */
  tokenWithId(key: string, max: number): number {
    const value = this.value(key);
    if (!Array.isArray(value) || value.length !== 2 || !isInteger(value[1], 0, max))
      throw this.error(key, 'a pair [token, id]');
    return value[1];
  }
}

function isInteger(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}
