/** Looks for a GPU, then tests and measures the CUDA backend on it. run.sh starts it and finds the libraries. */
import { spawn, spawnSync } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { cpus } from 'node:os';
import { delimiter, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { describeComparisons } from '../../packages/bench-gate/dist/report/text.js';
import { findCublasLt, findTorch, inPath, planSteps } from './steps.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HELP = `Usage: sh run.sh [options]

Tests the CUDA backend on this host's GPU, some tests also with compute-sanitizer if it is in PATH. Then runs its
benchmarks, and compares with PyTorch if python3 has it.

  --out DIR        folder for log.txt, summary.json, tests.json and one file of figures per benchmark
                   (default: results, beside run.sh)
  --build          build the CUDA addon first, with this host's nvcc and cmake
  --only LIST      run only these steps, for example: --only tests,bench-topk
  --without-gpu    run the same tests and small benchmarks on the CPU, to check that the bundle is complete
  --node ...       run only Node with these arguments, for example: --node dist/cli/main.js doctor
  --help           print this help

Exit status: 0 success, 1 a step failed, 2 wrong usage or unsupported host, 3 no GPU
`;

class UsageError extends Error {}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        out: { type: 'string', default: join(ROOT, 'results') },
        only: { type: 'string' },
        build: { type: 'boolean', default: false },
        'without-gpu': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return { ...values, out: resolve(values.out) };
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** Asks the addon for the device in a separate process, because a process that has asked keeps device memory. */
function askForDevice() {
  const program = "import { cudaState } from './dist/native/cuda-addon.js'; console.log(JSON.stringify(cudaState()));";
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return status === 0
    ? JSON.parse(stdout)
    : { usable: false, reason: `the process that looked for it ended with ${signal ?? status}: ${stderr.trim()}` };
}

/** Explains why no GPU can be used, and lists what was found. */
function explain({ reason, device }) {
  const found = (yes) => (yes ? 'found' : 'missing');
  return [
    `No GPU can be used here: ${reason}`,
    `  /dev/nvidiactl: ${found(existsSync('/dev/nvidiactl'))} (a device of the driver; containers need access to it)`,
    `  nvidia-smi: ${found(inPath('nvidia-smi'))}`,
    `  CUDA of the addon: ${device ? `${device.runtime}, code for ${device.architectures}` : 'it does not load'}`,
    `  CUDA of the driver: ${device?.driver ?? 'no driver was found'}`,
    '"sh run.sh --without-gpu" runs the same tests on the CPU.',
  ].join('\n');
}

function choose(steps, only) {
  if (only === undefined) return steps;
  const names = only.split(',');
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0)
    throw new UsageError(
      `Unknown step ${unknown.join(', ')}. The steps are: ${steps.map(({ name }) => name).join(', ')}`,
    );
  return steps.filter(({ name }) => names.includes(name));
}

/** Runs a step in its own process group, which ends with it, and copies its output to the console and the log. */
async function runStep({ name, args, env, minutes, skip }, log) {
  log(`\n== ${name}\n`);
  if (skip !== undefined) {
    log(`skipped: ${skip}\n`);
    return { name, outcome: 'skipped', seconds: 0, reason: skip };
  }
  const start = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', log);
  let late = false;
  const end = () => process.kill(-child.pid, 'SIGKILL');
  const timer = setTimeout(() => {
    late = true;
    end();
  }, minutes * 60_000);
  const interrupt = () => {
    end();
    process.exit(130);
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const [code, signal] = await new Promise((done) => child.once('close', (...how) => done(how)));
  clearTimeout(timer);
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  const reason = code === 0 ? undefined : late ? `ended after ${minutes} minutes` : (signal ?? `exit status ${code}`);
  return {
    name,
    outcome: code === 0 ? 'ok' : 'failed',
    seconds: (performance.now() - start) / 1000,
    ...(reason ? { reason } : {}),
  };
}

/**
 * Reads the figures that benchmarks wrote since then. Sets their commit to that of the bundle, because the host has no
 * git repository.
 */
function collectFigures(out, since, commit) {
  const results = [];
  for (const path of readdirSync(out).map((name) => join(out, name))) {
    if (!path.endsWith('.json') || statSync(path).mtimeMs < since) continue;
    const content = JSON.parse(readFileSync(path, 'utf8'));
    if (!content.machine) continue; // the report of the tests
    content.machine.commit = commit;
    writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
    results.push(...content.results);
  }
  return results;
}

function describeTests(out, { outcome }) {
  return spawnSync(
    process.execPath,
    ['scripts/test-totals.mjs', join(out, 'tests.json'), outcome === 'ok' ? '0' : '1'],
    { cwd: ROOT, encoding: 'utf8' },
  ).stdout.trim();
}

async function main() {
  const options = readOptions();
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const gpu = !options['without-gpu'];
  // Appended, because existing entries can be the system's.
  if (gpu)
    process.env.LD_LIBRARY_PATH = [process.env.LD_LIBRARY_PATH, ...findCublasLt()].filter(Boolean).join(delimiter);
  const state = askForDevice();
  if (gpu && !state.usable) {
    console.error(explain(state));
    return 3;
  }
  const torch = findTorch(gpu);
  const steps = choose(planSteps({ gpu, build: options.build, out: options.out, torch }), options.only);
  const start = Date.now();
  mkdirSync(options.out, { recursive: true });
  rmSync(join(options.out, 'tests.json'), { force: true }); // from an earlier run
  const file = createWriteStream(join(options.out, 'log.txt'));
  const log = (text) => {
    process.stdout.write(text);
    file.write(text);
  };

  const bundle = JSON.parse(readFileSync(join(ROOT, 'bundle.json'), 'utf8'));
  const host = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    glibc: process.report.getReport().header.glibcVersionRuntime,
    torch,
    cuda: state,
  };
  log(`${JSON.stringify({ bundle, host }, null, 2)}\n`);
  const outcomes = [];
  for (const step of steps) {
    const outcome = await runStep(step, log);
    if (step.name === 'tests') outcome.tests = describeTests(options.out, outcome);
    outcomes.push(outcome);
  }

  const figures = collectFigures(options.out, start, bundle.commit);
  if (figures.length > 0) log(`\n${describeComparisons(figures)}\n`);
  const rows = outcomes.map(
    ({ name, outcome, seconds, tests, reason }) =>
      `${name.padEnd(16)}${outcome.padEnd(9)}${seconds.toFixed(1).padStart(7)} s  ` +
      [tests, reason].filter(Boolean).join('; '),
  );
  log(`\n${rows.join('\n')}\n`);
  writeFileSync(join(options.out, 'summary.json'), `${JSON.stringify({ bundle, host, steps: outcomes }, null, 2)}\n`);
  console.log(`Wrote ${relative(process.cwd(), options.out) || '.'}/`);
  await new Promise((done) => file.end(done));
  return outcomes.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
