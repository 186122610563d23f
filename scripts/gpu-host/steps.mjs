/** Steps of run.mjs on a host. A step is a command. If it fails, the others still run. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Benchmarks of the CUDA backend in bench/cuda, and their time limits in minutes. Each file is a step, because a
 * failure loses the other benchmarks of its file.
 */
const BENCHMARKS = { infonce: 10, 'infonce-million': 20, topk: 10, encoder: 10 };
/** Benchmarks that need PyTorch. Its compiler takes long. */
const COMPARISONS = { 'infonce-compiled': 10, 'encoder-compiled': 15 };

export function inPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));
}

function runPython(program) {
  const { UNIVAR_HOST_LIBRARY_PATH: libraries, ...env } = process.env;
  return spawnSync('python3', ['-c', program], { encoding: 'utf8', env: { ...env, LD_LIBRARY_PATH: libraries } });
}

/** Finds PyTorch of the host's python3, or the reason why it cannot be used. */
export function findTorch(gpu) {
  const { status, stdout, stderr, error } = runPython(
    'import torch; print(torch.__version__, torch.cuda.is_available())',
  );
  if (error) return { reason: 'python3 is not in PATH' };
  if (status !== 0) return { reason: `python3 has no torch: ${stderr.trim().split('\n').at(-1)}` };
  const [version, cuda] = stdout.trim().split(' ');
  return gpu && cuda !== 'True' ? { reason: `torch ${version} finds no GPU` } : { version };
}

/** Finds folders with cuBLASLt in the host's Python packages, because PyTorch's wheels include it. */
export function findCublasLt() {
  const { status, stdout } = runPython(`
import glob, os, sys
for folder in sys.path:
    for file in glob.glob(os.path.join(folder, 'nvidia', '*', 'lib', 'libcublasLt.so.1[23]')):
        print(os.path.dirname(file))
`);
  return status === 0 ? stdout.split('\n').filter(Boolean) : [];
}

/**
 * @param {{ gpu: boolean, build: boolean, out: string, torch: { version?: string } }} plan
 * @returns {{ name: string, args: string[], env?: Record<string, string>, minutes: number, skip?: string }[]} `args`
 *   for Node; `skip`: reason to skip it; `minutes`: time limit, because a hanging kernel would otherwise block the run
 */
export function planSteps({ gpu, build, out, torch }) {
  const backend = gpu ? 'cuda' : 'cpu';
  const steps = build ? [{ name: 'build', args: ['scripts/gpu-host/build.mjs', '--use_cuda=1'], minutes: 10 }] : [];
  steps.push({
    name: 'tests',
    args: ['scripts/test-cuda.mjs', `--backend=${backend}`],
    minutes: 10,
    env: { REQUIRE_CUDA: '1', UNIVAR_TEST_REPORT: join(out, 'tests.json') },
  });
  for (const tool of gpu ? ['memcheck', 'racecheck'] : []) {
    const skip = inPath('compute-sanitizer') ? undefined : 'compute-sanitizer is not in PATH';
    steps.push({
      name: tool,
      args: ['scripts/test-cuda.mjs', `--sanitizer=${tool}`],
      env: { REQUIRE_CUDA: '1' },
      minutes: 5,
      skip,
    });
  }
  for (const [name, minutes] of Object.entries({ ...BENCHMARKS, ...(torch.version ? COMPARISONS : {}) })) {
    const env = {
      UNIVAR_BACKEND: backend,
      UNIVAR_CUDA_BENCH: gpu ? 'full' : 'small',
      UNIVAR_TORCH: torch.version ?? '',
    };
    steps.push({
      name: `bench-${name}`,
      args: ['dist/cli/main.js', 'bench', 'run', '--bench', `bench/cuda/${name}.ts`, '--results', out],
      env,
      minutes,
    });
  }
  const [rows, size] = gpu ? ['1000000', '12x768'] : ['600', '2x64'];
  const bulk = [
    '--rows',
    rows,
    '--size',
    size,
    '--precision',
    'bf16',
    '--work',
    join(out, 'bulk'),
    '--remove',
    '--results',
    join(out, 'embed-bulk.json'),
  ];
  steps.push({
    name: 'embed-bulk',
    args: ['--import', 'tsx', 'bench/bulk/embed-bulk.ts', ...bulk],
    env: { UNIVAR_BACKEND: backend },
    minutes: 20,
  });
  return steps;
}
