import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { addonAdvice, openAddon } from '../../../src/native/find-addon.js';

const INSTALL = 'npm install --os=linux --cpu=x64 univar-linux-x64@1.2.3';

describe('openAddon', () => {
  let folder: string;
  let compiled: string;
  let packaged: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'univar-test-'));
    compiled = join(folder, 'build', 'Release', 'engine.node');
    packaged = join(folder, 'node_modules', 'univar-linux-x64', 'engine.node');
    write('package.json', '{ "version": "1.2.3" }');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(path: string, content = ''): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  function installPackage(version = '1.2.3'): void {
    write('node_modules/univar-linux-x64/package.json', JSON.stringify({ version }));
    write('node_modules/univar-linux-x64/engine.node');
  }
  const compile = () => write('build/Release/engine.node');
  const refuse = (path: string) => {
    throw new Error(`libfoo.so.1:\n  not found by ${path}`);
  };
  function open(options: Parameters<typeof openAddon>[0] = {}) {
    return openAddon({ folder, system: 'linux-x64', open: (path) => ({ path }), ...options });
  }
  const refusal = (text: string): unknown =>
    expect.objectContaining({ code: 'ERR_NATIVE_LOAD', message: expect.stringContaining(text) as string });

  it('uses the package for this system, then what was compiled, then UNIVAR_ADDON', () => {
    installPackage();
    expect(open()).toEqual({ addon: { path: packaged }, path: packaged });
    compile();
    expect(open().path).toBe(compiled);
    expect(open({ override: '/bundle/engine.node' }).path).toBe('/bundle/engine.node');
  });

  it('does not replace an addon that was asked for by the package', () => {
    installPackage();
    compile();
    expect(() => open({ open: refuse })).toThrow(refusal(`${compiled} does not load: libfoo.so.1: not found`));
    expect(() => open({ open: refuse, override: '/x.node' })).toThrow(
      refusal('/x.node does not load: libfoo.so.1: not found by /x.node; correct or unset'),
    );
  });

  it('lists what was tried, and the command that installs the package', () => {
    expect(() => open()).toThrow(refusal(`the npm package univar-linux-x64 is not installed; run "${INSTALL}"`));
    installPackage('1.2.2');
    expect(() => open()).toThrow(refusal('is version 1.2.2, but univar is 1.2.3'));
    installPackage();
    expect(() => open({ open: refuse })).toThrow(refusal(`${packaged} does not load: libfoo.so.1`));
    expect(() => open({ open: refuse })).toThrow(refusal(`run "${INSTALL}"`));
  });

  it('says how to compile the addon where npm has no package, and in a checkout', () => {
    const elsewhere =
      'run "npm run build:native" in a checkout of the sources of univar 1.2.3, and set the environment variable ' +
      'UNIVAR_ADDON to the path of its build/Release/engine.node';
    expect(() => open({ system: 'darwin-arm64' })).toThrow(refusal(`none for darwin-arm64; ${elsewhere}`));
    compile(); // so the package is not used even if it is installed
    expect(addonAdvice(folder, 'linux-x64')).toBe(elsewhere);
    rmSync(compiled);
    mkdirSync(join(folder, 'src'));
    expect(addonAdvice(folder, 'linux-x64')).toBe('run "npm run build:native"');
    expect(() => open()).toThrow(
      refusal(`${compiled} is not there, because nothing was compiled; run "npm run build:native"`),
    );
  });
});
