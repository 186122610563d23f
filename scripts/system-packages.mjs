/**
 * Checks the system libraries of the native addon in the only reliable way: compiles, links and runs a program that
 * uses them. Installs missing ones with apt if that needs no password.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nodeHeaderRoot } from './node-headers.mjs';

const TOOLS = [
  { name: 'a C++20 compiler', apt: 'g++' },
  { name: 'make', apt: 'make' },
  { name: 'python3', apt: 'python3' },
  { name: "Node's headers", apt: 'libnode-dev' },
];

const LIBRARIES = [
  {
    name: 'oneDNN',
    apt: 'libdnnl-dev',
    include: '#include <oneapi/dnnl/dnnl.h>',
    use:
      'const dnnl_version_t* v = dnnl_version(); std::printf("found=%d.%d.%d\\n", v->major, v->minor, v->patch); ' +
      'if (v->major < 3) return 1;',
    needed: '3.0',
    link: ['-ldnnl'],
  },
  {
    name: 'FAISS',
    apt: 'libfaiss-dev',
    include: '#include <faiss/utils/distances.h>',
    use: 'float x = 1; if (faiss::fvec_norm_L2sqr(&x, 1) != 1) return 1;',
    link: ['-lfaiss', '-lopenblas', '-fopenmp'],
  },
  {
    name: 'OpenBLAS',
    apt: 'libopenblas-openmp-dev',
    include: 'extern "C" int openblas_get_parallel(void);',
    use: 'std::printf("openblas_parallel=%d\\n", openblas_get_parallel());',
    link: ['-lopenblas'],
  },
  {
    name: 'Highway',
    apt: 'libhwy-dev',
    include: '#include <hwy/targets.h>',
    use: 'if (hwy::SupportedTargets() == 0) return 1;',
    link: ['-lhwy'],
  },
  {
    name: 'utf8proc',
    apt: 'libutf8proc-dev',
    include: '#include <utf8proc.h>',
    use: 'if (!utf8proc_version()) return 1;',
    link: ['-lutf8proc'],
  },
];

/**
 * Commands for users. That of apt lists only missing packages, because libnode-dev would replace a Node that is not
 * Debian's.
 */
const installCommands = (missing) => ({
  'Debian, Ubuntu': `sudo apt-get install --no-install-recommends ${missing.map(({ apt }) => apt).join(' ')}`,
  Fedora:
    'sudo dnf install gcc-c++ make python3 nodejs-devel onednn-devel faiss-devel openblas-devel highway-devel ' +
    'utf8proc-devel   (if the release has no faiss-devel, build FAISS from source)',
  macOS: 'xcode-select --install; brew install onednn faiss openblas highway utf8proc libomp',
});

/** OpenBLAS makes FAISS two to four times slower with two threads unless it shares FAISS's OpenMP threads. */
const OPENBLAS_ADVICE =
  'OpenBLAS on this system does not use OpenMP, so flat and IVF search will be slower. Debian, Ubuntu: ' +
  'sudo apt-get install libopenblas-openmp-dev && ' +
  'sudo update-alternatives --config libopenblas.so.0-$(dpkg-architecture -qDEB_HOST_MULTIARCH)';

/** Adds Homebrew's folders, because some of its libraries are not in the compiler's default folders. */
export function compilerEnvironment() {
  if (process.platform !== 'darwin') return process.env;
  const prefix = spawnSync('brew', ['--prefix'], { encoding: 'utf8' }).stdout?.trim();
  if (!prefix) return process.env;
  const folders = (kind) =>
    [prefix, `${prefix}/opt/openblas`, `${prefix}/opt/libomp`].map((folder) => `${folder}/${kind}`);
  return { ...process.env, CPATH: folders('include').join(':'), LIBRARY_PATH: folders('lib').join(':') };
}

function compiles(libraries) {
  const folder = mkdtempSync(join(tmpdir(), 'univar-probe-'));
  try {
    const source = join(folder, 'probe.cc');
    const program = join(folder, 'probe');
    const body = libraries.map(({ use }) => `  { ${use} }`).join('\n');
    const includes = ['#include <cstdio>', ...libraries.map(({ include }) => include)].join('\n');
    writeFileSync(source, `${includes}\nint main() {\n${body}\n  return 0;\n}\n`);
    const compiler = process.env.CXX ?? (process.platform === 'darwin' ? 'c++' : 'g++');
    // Apple's compiler does not support -fopenmp. A shared FAISS has its own OpenMP there.
    const flags = libraries
      .flatMap(({ link }) => link)
      .filter((flag) => process.platform !== 'darwin' || flag !== '-fopenmp');
    if (
      spawnSync(compiler, ['-std=c++20', source, '-o', program, ...flags], {
        env: compilerEnvironment(),
        stdio: 'ignore',
      }).status !== 0
    )
      return { ok: false };
    const run = spawnSync(program, { encoding: 'utf8' });
    return { ok: run.status === 0, output: run.stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const runs = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/**
 * @returns {{ missing: { name: string, apt: string, needed?: string, found?: string }[], warning?: string }} `found`:
 *   the version of a library that is older than `needed`
 */
export function checkSystem() {
  const [compiler, make, python, headers] = TOOLS;
  const missing = [];
  const all = compiles(LIBRARIES);
  if (!all.ok) {
    if (!compiles([]).ok) missing.push(compiler, ...LIBRARIES);
    // Without OpenBLAS, the check of FAISS cannot link, so FAISS is reported too. Reporting both is harmless.
    else
      for (const library of LIBRARIES) {
        const { ok, output = '' } = compiles([library]);
        if (!ok) missing.push({ ...library, found: /^found=(.+)$/m.exec(output)?.[1] });
      }
  }
  if (!runs(process.env.MAKE ?? 'make', ['--version'])) missing.push(make);
  if (!runs(process.env.PYTHON ?? 'python3', ['--version'])) missing.push(python);
  if (!nodeHeaderRoot()) missing.push(headers);
  const openmp = !all.ok || all.output.includes('openblas_parallel=2');
  return openmp ? { missing } : { missing, warning: OPENBLAS_ADVICE };
}

/**
 * Returns the prefix of a command that can install packages without a prompt: empty for root, sudo without a password,
 * or undefined.
 */
function privilege() {
  if (process.getuid?.() === 0) return [];
  return runs('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined;
}

function isDebianLike() {
  try {
    return (
      /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8')) &&
      runs('apt-get', ['--version'])
    );
  } catch {
    return false; // no such file: not Linux
  }
}

/**
 * Installs packages with apt if the system has it and no password is needed.
 *
 * @returns {{ installed: boolean, output?: string }} `output` of apt if it failed
 */
export function installByApt(missing) {
  const prefix = isDebianLike() ? privilege() : undefined;
  if (!prefix) return { installed: false };
  const options = ['-qq', '-o', 'DPkg::Lock::Timeout=120'];
  const packages = missing.map(({ apt }) => apt);
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...packages]]) {
    const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...options, ...args];
    const { status, stdout, stderr } = spawnSync(command, rest, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // The installation can work although the update failed (one dead mirror). If not, it reports the error.
    if (status !== 0 && args[0] === 'install') return { installed: false, output: stdout + stderr };
  }
  return { installed: true };
}

/** Builds the message for users who must install packages by hand. */
export function installAdvice(missing) {
  const absent = missing.filter(({ found }) => found === undefined);
  const old = missing.filter(({ found }) => found !== undefined);
  const lines = old.map(({ name, found, needed }) => `${name} ${found} is too old: ${needed} or later is needed.`);
  if (old.length > 0)
    lines.push(
      'Compile univar on a newer system: it is tested on Debian 13. docs/installation.md says how to use univar here.',
    );
  if (absent.length > 0) {
    lines.push(`Missing on this system: ${absent.map(({ name }) => name).join(', ')}. Install with`);
    for (const [system, command] of Object.entries(installCommands(absent))) lines.push(`  ${system}: ${command}`);
    lines.push('and run the same command again.');
  }
  return lines.join('\n');
}
