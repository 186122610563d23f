import { describe, expect, it } from 'vitest';

import { describeFailure, toEngineError } from '../../../src/cli/failure.js';
import { EngineError, ERROR_CODES, type ErrorCode, type OptionHint } from '../../../src/core/errors.js';

const systemError = (code: string): Error => Object.assign(new Error(`${code}: refused, open 'x'`), { code });

describe('describeFailure', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('uses the exit code of the table for %s', (code) => {
    const { text, exitCode } = describeFailure(new EngineError(code, 'what and where'), false);
    expect(exitCode).toBe(ERROR_CODES[code].exit);
    expect(text.split('\n')[0]).toBe(code === 'ERR_ABORTED' ? 'error: Interrupted' : 'error: what and where');
  });

  it('shows the stack and causes only on request', () => {
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
  ])('maps %s to exit code %i', (code, exitCode) => {
    expect(describeFailure(systemError(code), false).exitCode).toBe(exitCode);
  });

  it.each<[OptionHint, string]>([
    [{ name: 'overwrite', value: true }, '--overwrite'],
    [{ name: 'maxTokens', value: '...' }, '--max-tokens ...'],
    [{ name: 'columns', value: { answer: '...' } }, '--columns answer=...'],
    [{ name: 'defaults', value: { lang: '...' } }, '--lang ...'],
  ])('writes the option %j as a flag', (option, flag) => {
    const error = new EngineError('ERR_DATA', 'What', { remedies: [{ text: 'this' }, { text: 'that', option }] });
    expect(describeFailure(error, false).text).toBe(`error: What; this, or that (${flag})`);
  });

  it('says how to resume an interrupted command, but not which part noticed the signal', () => {
    const error = new EngineError('ERR_ABORTED', 'The scan was aborted', { remedies: [{ text: 'run it again' }] });
    expect(describeFailure(error, false).text).toBe('error: Interrupted; run it again');
  });

  it('accepts any thrown value', () => {
    expect(describeFailure('text', false)).toMatchObject({ exitCode: 70 });
    expect(describeFailure(undefined, true)).toMatchObject({ exitCode: 70 });
    expect(toEngineError(new DOMException('stopped', 'AbortError')).code).toBe('ERR_ABORTED');
  });
});
