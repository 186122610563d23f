import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { EngineError, ERROR_CODES, type ErrorCode, isErrorCode } from '../../../src/core/errors.js';

describe('EngineError', () => {
  it('carries code, statuses and cause', () => {
    const cause = new Error('why');
    const error = new EngineError('ERR_BUSY', 'what', { cause });
    expect(error).toMatchObject({ name: 'EngineError', code: 'ERR_BUSY', httpStatus: 409, exitCode: 1, cause });
    expect(error).toBeInstanceOf(Error);
    expect('cause' in new EngineError('ERR_BUSY', 'what')).toBe(false);
  });

  it('lists its remedies in the message, with options in the notation of the library', () => {
    const remedies = [
      { text: 'take another folder' },
      { text: 'replace it', option: { name: 'overwrite', value: true } },
      { text: 'name the column', option: { name: 'columns', value: { lang: '...' } } },
    ];
    expect(new EngineError('ERR_DATA', 'It exists', { remedies })).toMatchObject({
      message:
        'It exists; take another folder, or replace it (overwrite: true), or name the column (columns: { lang: ... })',
      problem: 'It exists',
      remedies,
    });
  });

  it('recognises its codes', () => {
    expect(isErrorCode('ERR_ABORTED')).toBe(true);
    expect(isErrorCode('toString')).toBe(false);
    expect(isErrorCode(undefined)).toBe(false);
  });

  it('is documented completely in docs/errors.md', () => {
    const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `(ERR_\w+)` \|.*\| (\d+) \| (\d+) \|$/gm)];
    const documented = new Map(rows.map(([, code, http, exit]) => [code, { http: Number(http), exit: Number(exit) }]));
    expect(documented).toEqual(
      new Map(Object.entries(ERROR_CODES satisfies Record<ErrorCode, { http: number; exit: number }>)),
    );
  });
});
