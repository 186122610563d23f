import { describe, it } from 'vitest';

import { CUDA_HOST_PROGRAMS, expectCublasLtPasses, expectCudaHostPasses } from '../support/cuda-host.js';

/** Optimised as in a release; finds reads and writes out of bounds, and undefined behaviour. */
const FLAGS = ['-O2', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

describe('the CUDA backend on the host, with sanitizers', () => {
  it.each(CUDA_HOST_PROGRAMS)('%s', (name) => expectCudaHostPasses(name, FLAGS));
  it('the calls to cuBLASLt', () => expectCublasLtPasses(FLAGS));
});
