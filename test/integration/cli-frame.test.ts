import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, describe, expect, it } from 'vitest';

import { MAIN, runCli } from '../support/cli.js';

const scratch = mkdtempSync(join(tmpdir(), 'univar cli ')); // with a space on purpose
afterAll(() => rmSync(scratch, { recursive: true }));

describe('the frame of the command line', () => {
  it('prints help and version on standard output', async () => {
    const help = await runCli(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/\n\nStart here:\n {2}quickstart .*\n {2}help .*\n\nMake a dataset.*Examples:/s);
    expect(help.stdout).not.toContain('Commands:');
    expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\naddon: (SSE|AVX|NEON|SVE).*; Node \d+/);
  });

  it('colours help on terminals only', async () => {
    const title = '\u001b[1mStart here:';
    expect((await runCli(['--help'], { env: { FORCE_COLOR: '1' } })).stdout).toContain(title);
    for (const env of [{}, { FORCE_COLOR: '1', NO_COLOR: '1' }])
      expect((await runCli(['--help'], { env })).stdout).not.toContain('\u001b');
  });

  it.each([
    { args: [], says: /Usage: univar/ },
    { args: ['embde'], says: /error: unknown command 'embde'/ },
    { args: ['doctor', '--colour'], says: /error: unknown option '--colour'/ },
    { args: ['doctor', 'x'], says: /error: too many arguments/ },
  ])('rejects $args with exit code 2 and prints nothing to standard output', async ({ args, says }) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain('    at ');
  });

  it('is executable, as npx needs', async () => {
    expect((await promisify(execFile)(MAIN, ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n/);
  });

  it('ends quietly if the reader of its output goes away', async () => {
    const { stdout, stderr } = await promisify(execFile)('bash', [
      '-c',
      `"${process.execPath}" "${MAIN}" --help | head -n 1`,
    ]);
    expect({ stdout, stderr }).toEqual({ stdout: 'Usage: univar [options] [command]\n', stderr: '' });
  });
});

describe('univar doctor', () => {
  it('reports a working installation', async () => {
    const { code, stdout } = await runCli(['doctor', '--json'], { env: { UNIVAR_THREADS: '1' } });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      addon: { ok: true },
      onnxruntime: { ok: true },
      threads: { count: 1, source: 'UNIVAR_THREADS' },
    });
  });

  it('works without npm packages and addon, and says how to install them', async () => {
    const copy = join(scratch, 'copy');
    const root = join(MAIN, '..', '..', '..');
    mkdirSync(copy);
    cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(copy, 'package.json'));
    const run = promisify(execFile);
    const doctor = await run(process.execPath, [join(copy, 'dist', 'cli', 'main.js'), 'doctor']).catch(
      (error: unknown) => error,
    );
    expect(doctor).toMatchObject({ code: 1, stderr: '' });
    expect(doctor).toHaveProperty('stdout', expect.stringMatching(/missing: npm packages are missing: .*commander/));
    expect(doctor).toHaveProperty(
      'stdout',
      expect.stringMatching(/npm (install .* univar-linux-x64|.* run build:native)/),
    );
    const other = await run(process.execPath, [join(copy, 'dist', 'cli', 'main.js'), 'embed']).catch(
      (error: unknown) => error,
    );
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other).toHaveProperty('stderr', expect.stringMatching(/^error: npm packages are missing/));
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const { stdout } = await run(process.execPath, [join(copy, 'dist', 'cli', 'main.js'), '--version']);
    expect(stdout).toMatch(/^\d.*\naddon: does not load, see "univar doctor"; Node /);
  });
});
