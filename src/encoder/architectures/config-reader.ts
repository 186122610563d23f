import { EngineError } from '../../core/errors.js';
import { isObject, type Json } from '../../core/json-file.js';

/** A config.json whose values are checked as they are read. All methods throw EngineError `ERR_DATA`. */
export class ConfigReader {
  constructor(
    readonly json: Json,
    readonly path: string,
  ) {}

  /** The first of `keys` that is present, as a finite number >= 0. */
  number(keys: readonly string[], fallback?: number): number {
    const found = this.#find(keys);
    if (found === undefined) {
      if (fallback !== undefined) return fallback;
      throw new EngineError('ERR_DATA', `${this.path}: ${keys.join(' or ')} is missing`);
    }
    const [key, value] = found;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw this.#error(key, 'a number >= 0');
    return value;
  }

  /** The first of `keys` that is present, as an integer >= 1. */
  size(keys: readonly string[], fallback?: number): number {
    const value = this.optionalSize(keys) ?? fallback;
    if (value === undefined) throw new EngineError('ERR_DATA', `${this.path}: ${keys.join(' or ')} is missing`);
    return value;
  }

  optionalSize(keys: readonly string[]): number | undefined {
    const found = this.#find(keys);
    if (found === undefined) return undefined;
    const [key, value] = found;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw this.#error(key, 'an integer >= 1');
    return value;
  }

  /** The object at a key, undefined if there is none. */
  section(key: string): ConfigReader | undefined {
    const value = this.json[key];
    return isObject(value) ? new ConfigReader(value, `${this.path}: ${key}`) : undefined;
  }

  /** Refuses what the native encoder does not compute; an absent key means `fallback`. */
  require(key: string, allowed: readonly unknown[], fallback: unknown): void {
    const value = this.json[key] === undefined ? fallback : this.json[key];
    if (allowed.includes(value)) return;
    const list = allowed.map((entry) => JSON.stringify(entry)).join(' or ');
    throw new EngineError(
      'ERR_DATA',
      `${this.path}: ${key} is ${JSON.stringify(value)}; the native encoder supports ${list}`,
    );
  }

  #find(keys: readonly string[]): [string, unknown] | undefined {
    const key = keys.find((candidate) => this.json[candidate] !== undefined && this.json[candidate] !== null);
    return key === undefined ? undefined : [key, this.json[key]];
  }

  #error(key: string, what: string): EngineError {
    return new EngineError(
      'ERR_DATA',
      `${this.path}: expected ${what} for ${key}, got ${JSON.stringify(this.json[key])}`,
    );
  }
}
