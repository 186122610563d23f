import { describe, it } from 'vitest';

import { CUDA_HOST_PROGRAMS, expectCublasLtPasses, expectCudaHostPasses } from '../support/cuda-host.js';
import { SANITIZERS } from '../support/native-program.js';

describe('the CUDA backend on the host, with sanitizers', () => {
  it.each(CUDA_HOST_PROGRAMS)('%s', (name) => expectCudaHostPasses(name, SANITIZERS));
  it('the calls to cuBLASLt', () => expectCublasLtPasses(SANITIZERS));
});
