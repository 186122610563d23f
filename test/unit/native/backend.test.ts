import { describe, expect, it } from 'vitest';

import { chooseBackend, parseBackend } from '../../../src/native/backend.js';

const absent = () => ({ usable: false, reason: 'no driver' });
const present = () => ({ usable: true });

describe('parseBackend', () => {
  it('accepts the three backends, and uses the CPU by default', () => {
    expect(['auto', 'cuda', 'cpu'].map(parseBackend)).toEqual(['auto', 'cuda', 'cpu']);
    expect([undefined, ''].map(parseBackend)).toEqual(['cpu', 'cpu']);
  });

  it('names a rejected backend', () => {
    expect(() => parseBackend('gpu')).toThrow('Expected one of auto, cuda, cpu for "UNIVAR_BACKEND", got gpu');
  });
});

describe('chooseBackend', () => {
  it('uses a GPU if one is requested and usable', () => {
    expect(chooseBackend('auto', present)).toEqual({ wanted: 'auto', active: 'cuda', reasons: [] });
    expect(chooseBackend('cuda', present)).toEqual({ wanted: 'cuda', active: 'cuda', reasons: [] });
  });

  it('falls back only for auto, and keeps the reason', () => {
    expect(chooseBackend('auto', absent)).toEqual({ wanted: 'auto', active: 'cpu', reasons: ['cuda: no driver'] });
    expect(() => chooseBackend('cuda', absent)).toThrow(
      expect.objectContaining({
        code: 'ERR_DEVICE_UNAVAILABLE',
        message: expect.stringContaining('no driver') as string,
      }),
    );
  });

  it('does not look for a GPU if the CPU is requested', () => {
    const cuda = () => {
      throw new Error('asked');
    };
    expect(chooseBackend('cpu', cuda).active).toBe('cpu');
  });
});
