import { describe, it } from 'vitest';

import { CUDA_HOST_PROGRAMS, expectCublasLtPasses, expectCudaHostPasses } from '../support/cuda-host.js';

/** Compiles in seconds; test/slow/cuda-host.test.ts adds the sanitizers. */
const FLAGS = ['-O1'];

describe('the CUDA backend on the host', () => {
  it.each(CUDA_HOST_PROGRAMS)('%s', (name) => expectCudaHostPasses(name, FLAGS));
  it('the calls to cuBLASLt', () => expectCublasLtPasses(FLAGS));
});
