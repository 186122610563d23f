import { describe, expect, it } from 'vitest';

import { describeFailure, toEngineError } from '../../../src/cli/failure.js';
import { EngineError, ERROR_CODES, type ErrorCode } from '../../../src/core/errors.js';

const systemError = (code: string): Error => Object.assign(new Error(`${code}: refused, open 'x'`), { code });

describe('describeFailure', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('exits as the table says for %s', (code) => {
    const { text, exitCode } = describeFailure(new EngineError(code, 'what and where'), false);
    expect(exitCode).toBe(ERROR_CODES[code].exit);
    expect(text.split('\n')[0]).toBe(code === 'ERR_ABORTED' ? 'error: Interrupted' : 'error: what and where');
  });

  it('shows no stack unless asked, then with causes', () => {
    const error = new EngineError('ERR_DATA', 'outer', { cause: new Error('inner') });
    expect(describeFailure(error, false).text).not.toContain('    at ');
    const { text } = describeFailure(error, true);
    expect(text).toContain('caused by Error: inner');
    expect(text).toContain('ERR_DATA');
  });

  it.each([
    ['ENOENT', 2],
    ['EACCES', 1],
    ['ENOSPC', 1],
    ['EWHATEVER', 70],
  ])('turns %s into exit code %i', (code, exitCode) => {
    expect(describeFailure(systemError(code), false).exitCode).toBe(exitCode);
  });

  it.each([
    ['replace it (overwrite: true)', 'replace it (--overwrite)'],
    [
      'name it (columns: answer=...), or give one (defaults: lang=...)',
      'name it (--columns answer=...), or give one (--lang ...)',
    ],
  ])('names flags instead of options: %s', (message, expected) => {
    expect(describeFailure(new EngineError('ERR_DATA', message), false).text).toBe(`error: ${expected}`);
  });

  it('says where an interrupted command goes on, where that is known', () => {
    expect(describeFailure(new EngineError('ERR_ABORTED', 'Interrupted. Rows are kept'), false).text).toBe(
      'error: Interrupted. Rows are kept',
    );
  });

  it('takes anything that can be thrown', () => {
    expect(describeFailure('text', false)).toMatchObject({ exitCode: 70 });
    expect(describeFailure(undefined, true)).toMatchObject({ exitCode: 70 });
    expect(toEngineError(new DOMException('stopped', 'AbortError')).code).toBe('ERR_ABORTED');
  });
});
