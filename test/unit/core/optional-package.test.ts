import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { OPTIONAL_FEATURES } from '../../../src/core/optional-features.js';
import { importOptional, installCommand } from '../../../src/core/optional-package.js';

const feature = (...packages: string[]) => ({ purpose: 'A map', packages });
const failing = () => Promise.reject(new Error('x'));

describe('importOptional', () => {
  it('returns the module of an installed package', async () => {
    expect(await importOptional(feature('yaml'), () => import('yaml'))).toHaveProperty('parse');
  });

  it('says in one line what to install', async () => {
    const name = '@univar/absent';
    await expect(importOptional(feature(name), () => import(name) as Promise<unknown>)).rejects.toMatchObject({
      code: 'ERR_NATIVE_LOAD',
      message: 'A map needs the npm package "@univar/absent": run npm install @univar/absent',
    });
  });

  it('lists the missing ones of several packages', async () => {
    await expect(importOptional(feature('@univar/a', 'yaml', '@univar/b'), failing)).rejects.toThrow(
      'A map needs the npm packages "@univar/a" and "@univar/b": run npm install @univar/a @univar/b',
    );
    await expect(importOptional(feature('eld', 'yaml'), failing)).rejects.toThrow(
      'The npm packages "eld" and "yaml" do not load: x',
    );
  });

  it('does not suggest installing an installed package that fails, for example for lack of a dependency', async () => {
    const cause = Object.assign(new Error("Cannot find package 'other'"), { code: 'ERR_MODULE_NOT_FOUND' });
    await expect(importOptional(feature('yaml'), () => Promise.reject(cause))).rejects.toMatchObject({
      code: 'ERR_NATIVE_LOAD',
      message: 'The npm package "yaml" does not load: Cannot find package \'other\'',
      cause,
    });
  });

  it('treats a package without an entry for require() as installed', async () => {
    await expect(importOptional(feature('eld'), failing)).rejects.toThrow(/does not load: x$/);
  });
});

describe('the optional packages', () => {
  it('are the optional peers in package.json, which a checkout installs', () => {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as Record<
      'dependencies' | 'devDependencies' | 'peerDependencies' | 'peerDependenciesMeta',
      Record<string, unknown>
    >;
    const names = Object.values(OPTIONAL_FEATURES)
      .flatMap(({ packages }): readonly string[] => packages)
      .sort();
    const { dependencies, devDependencies, peerDependencies, peerDependenciesMeta } = manifest;
    expect(Object.keys(peerDependencies)).toEqual(names);
    expect(peerDependenciesMeta).toEqual(Object.fromEntries(names.map((name) => [name, { optional: true }])));
    expect(devDependencies).toMatchObject(peerDependencies);
    for (const name of names) expect(dependencies).not.toHaveProperty([name]);
  });

  it('are installed in versions that univar supports, and without the libraries for GPUs of ONNX Runtime', () => {
    expect(installCommand(['openai', 'tokenizers'])).toBe('npm install openai@6 tokenizers@0.23');
    expect(installCommand(['onnxruntime-node'])).toBe('ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@1');
  });
});
