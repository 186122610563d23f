import { join } from 'node:path';

import { compileProgram, expectAllOk } from './native-program.js';
import { temporaryFolder } from './temporary-folder.js';

/** The programs of test/native-cpp that compare the CUDA backend with double precision: cuda_NAME_test.cc. */
export const CUDA_HOST_PROGRAMS = [
  'tiles',
  'linear',
  'attention',
  'layer_norm',
  'elementwise',
  'tokens',
  'infonce',
  'topk',
] as const;

/**
 * Compiles a program for the host, runs it, and expects every check to pass. native/cuda/machine/block.h explains how
 * kernels run on the host; only tensor-core instructions, launches and copies stay untested.
 *
 * @param flags of the compiler
 */
export async function expectCudaHostPasses(name: string, flags: readonly string[]): Promise<void> {
  const program = join(temporaryFolder(), name);
  await compileProgram([...flags, `test/native-cpp/cuda_${name}_test.cc`], program);
  await expectAllOk(program);
}

/** Runs the calls to cuBLASLt against a library that only records them, and without any library. */
export async function expectCublasLtPasses(flags: readonly string[]): Promise<void> {
  const folder = temporaryFolder();
  const program = join(folder, 'cublas_lt');
  await compileProgram(
    [...flags, 'test/native-cpp/cuda_cublas_lt_test.cc', 'native/cuda/machine/cublas_lt.cc'],
    program,
  );
  await expectAllOk(program, { EXPECT_NO_LIBRARY: '1' });
  await compileProgram(
    [...flags, 'test/native-cpp/fake_cublas_lt.cc', '-shared', '-fPIC'],
    join(folder, 'libcublasLt.so.13'),
  );
  await expectAllOk(program, { LD_LIBRARY_PATH: folder });
}
