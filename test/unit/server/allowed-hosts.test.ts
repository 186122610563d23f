import { describe, expect, it } from 'vitest';

import { AllowedHosts } from '../../../src/server/allowed-hosts.js';

interface Received {
  hosts?: readonly string[];
  origin?: string;
  localAddress?: string;
}

/** Returns the code of the refusal, or undefined if the request is accepted. */
function refusal(allowed: AllowedHosts, { hosts = [], origin, localAddress = '127.0.0.1' }: Received) {
  const request = {
    headers: { origin },
    headersDistinct: hosts.length > 0 ? { host: hosts } : {},
    socket: { localAddress },
  };
  try {
    allowed.expect(request as unknown as Parameters<AllowedHosts['expect']>[0]);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('AllowedHosts', () => {
  const local = new AllowedHosts('127.0.0.1', ['Values.Example.', 'fd00::7', 'bücher.example']);

  it.each([
    'localhost',
    'LOCALHOST:8080',
    'localhost.:80',
    '127.0.0.1:8080',
    '127.9.8.7',
    '[::1]:8080',
    '[0:0:0:0:0:0:0:1]',
    'values.example:443',
    '[FD00::7]:1',
    'xn--bcher-kva.example',
  ])('accepts %s', (host) => expect(refusal(local, { hosts: [host] })).toBeUndefined());

  it.each([
    ['evil.example:8080', 'unknown_host'],
    ['localhost.evil.example', 'unknown_host'],
    ['127.0.0.1.evil.example', 'unknown_host'],
    ['10.0.0.1', 'unknown_host'],
    ['0.0.0.0:8080', 'unknown_host'],
    ['[::]', 'unknown_host'],
    ['', 'bad_request'],
    [':8080', 'bad_request'],
    ['localhost:x', 'bad_request'],
    ['localhost:99999', 'bad_request'],
    ['a@localhost', 'bad_request'],
    ['localhost/', 'bad_request'],
    ['localhost, evil.example', 'bad_request'],
    ['[::1', 'bad_request'],
  ])('refuses %s', (host, code) => expect(refusal(local, { hosts: [host] })).toBe(code));

  it('refuses a request without a host or with two', () => {
    expect(refusal(local, {})).toBe('bad_request');
    expect(refusal(local, { hosts: ['localhost', 'localhost'] })).toBe('bad_request');
  });

  it('accepts the address it listens on; on a wildcard every address, but no name', () => {
    const one = new AllowedHosts('10.0.0.1');
    expect(refusal(one, { hosts: ['10.0.0.1:80'] })).toBeUndefined();
    expect(refusal(one, { hosts: ['10.0.0.2'] })).toBe('unknown_host');
    const named = new AllowedHosts('box.example');
    expect(refusal(named, { hosts: ['box.example'] })).toBeUndefined();
    expect(refusal(named, { hosts: ['10.0.0.3'], localAddress: '10.0.0.3' })).toBeUndefined();
    for (const any of [new AllowedHosts('0.0.0.0'), new AllowedHosts('::')]) {
      expect(refusal(any, { hosts: ['192.168.0.9:30123'] })).toBeUndefined();
      expect(refusal(any, { hosts: ['[fe80::1]'] })).toBeUndefined();
      expect(refusal(any, { hosts: ['evil.example'] })).toBe('unknown_host');
    }
  });

  it('accepts only its own origin', () => {
    const from = (host: string, origin: string) => refusal(local, { hosts: [host], origin });
    expect(from('localhost:8080', 'http://localhost:8080')).toBeUndefined();
    expect(from('Values.example', 'https://values.example')).toBeUndefined();
    expect(from('values.example:443', 'https://values.example')).toBeUndefined();
    for (const origin of [
      'http://localhost:3000',
      'http://127.0.0.1:8080',
      'http://localhost',
      'http://evil.example:8080',
      'chrome-extension://localhost:8080',
      'null',
      '',
    ])
      expect(from('localhost:8080', origin), origin).toBe('cross_site');
  });

  it.each(['http://a', 'a:80', 'a/b', '', '[::1]:1'])('does not take %s for a name', (name) => {
    expect(() => new AllowedHosts('127.0.0.1', [name])).toThrow(/--allowed-host/);
  });
});
