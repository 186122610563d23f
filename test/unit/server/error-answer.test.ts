import type { Socket } from 'node:net';

import { describe, expect, it } from 'vitest';

import { answerBrokenRequest } from '../../../src/server/error-answer.js';

describe('answerBrokenRequest', () => {
  it.each([
    ['ERR_HTTP_REQUEST_TIMEOUT', /^HTTP\/1\.1 408 Request Timeout\r\n.*"code":"request_timeout"/s],
    ['HPE_HEADER_OVERFLOW', /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n.*"code":"headers_too_large"/s],
    ['HPE_INVALID_METHOD', /^HTTP\/1\.1 400 Bad Request\r\n.*"code":"bad_request"/s],
  ])('names the status of %s', (code, says) => {
    const written: string[] = [];
    const socket = { writable: true, write: (text: string) => written.push(text), destroy: () => written.push('end') };
    answerBrokenRequest(Object.assign(new Error('broken'), { code }), socket as unknown as Socket);
    expect(written).toEqual([expect.stringMatching(says), 'end']);
  });
});
