import { describe, expect, it } from 'vitest';

import { importOptional } from '../../../src/core/optional-package.js';

describe('importOptional', () => {
  it('returns the module of an installed package', async () => {
    expect(await importOptional('yaml', 'A project file', () => import('yaml'))).toHaveProperty('parse');
  });

  it('says in one line what to install', async () => {
    const name = '@univar/absent';
    await expect(importOptional(name, 'A map as PNG', () => import(name) as Promise<unknown>)).rejects.toMatchObject({
      code: 'ERR_NATIVE_LOAD',
      message: 'A map as PNG needs the npm package "@univar/absent": run npm install @univar/absent',
    });
  });

  it('lists the missing ones of several packages', async () => {
    const names = ['@univar/a', 'yaml', '@univar/b'];
    await expect(importOptional(names, 'A map', () => Promise.reject(new Error('x')))).rejects.toThrow(
      'A map needs the npm packages "@univar/a" and "@univar/b": run npm install @univar/a @univar/b',
    );
    await expect(importOptional(['eld', 'yaml'], 'A map', () => Promise.reject(new Error('x')))).rejects.toThrow(
      'The npm packages "eld" and "yaml" do not load: x',
    );
  });

  it('does not suggest installing an installed package that fails, for example for lack of a dependency', async () => {
    const cause = Object.assign(new Error("Cannot find package 'other'"), { code: 'ERR_MODULE_NOT_FOUND' });
    await expect(importOptional('yaml', 'A project file', () => Promise.reject(cause))).rejects.toMatchObject({
      code: 'ERR_NATIVE_LOAD',
      message: 'The npm package "yaml" does not load: Cannot find package \'other\'',
      cause,
    });
  });

  it('treats a package without an entry for require() as installed', async () => {
    await expect(importOptional('eld', 'A language check', () => Promise.reject(new Error('x')))).rejects.toThrow(
      /does not load: x$/,
    );
  });
});
