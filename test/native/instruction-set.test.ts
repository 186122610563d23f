import { expect, it } from 'vitest';

import { capabilities } from '../../src/native/capabilities.js';

it('is the one that UNIVAR_SIMD names', () => {
  expect(capabilities().simd).toBe(process.env['UNIVAR_SIMD']);
});
