import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

import { describe, expect, it } from 'vitest';

import { resolveBase } from '../../../../packages/bench-gate/src/base/base-revision.js';
import { GitProject } from '../../../support/git-project.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const acceptedFile = 'bench/accepted.json';

describe('resolveBase', () => {
  it('returns the merge base on a branch', async () => {
    const project = new GitProject();
    const fork = project.commit({ a: '1' });
    project.git('switch', '--quiet', '--create', 'topic');
    project.commit({ b: '1' });
    project.git('switch', '--quiet', 'main');
    project.commit({ a: '2' });
    project.git('switch', '--quiet', 'topic');
    expect(await resolveBase(project.root, { acceptedFile })).toEqual({
      kind: 'commit',
      commit: fork,
      why: 'the merge base with main',
    });
  });

  it('returns the last change of the accepted slow-downs on the main branch', async () => {
    const project = new GitProject();
    project.commit({ a: '1' });
    expect(await resolveBase(project.root, { acceptedFile })).toMatchObject({ kind: 'none' });
    const marked = project.commit({ [acceptedFile]: '[]' });
    expect(await resolveBase(project.root, { acceptedFile })).toMatchObject({
      kind: 'none',
      why: expect.stringContaining('itself') as string,
    });
    project.commit({ a: '2' });
    expect(await resolveBase(project.root, { acceptedFile })).toMatchObject({ kind: 'commit', commit: marked });
  });

  it('returns the requested revision, and HEAD only if the working tree differs from it', async () => {
    const project = new GitProject();
    const first = project.commit({ a: '1' });
    const second = project.commit({ a: '2' });
    expect(await resolveBase(project.root, { base: 'HEAD~1', acceptedFile })).toMatchObject({ commit: first });
    expect(await resolveBase(project.root, { base: 'HEAD', acceptedFile })).toMatchObject({ kind: 'none' });
    project.write('a', '3');
    expect(await resolveBase(project.root, { base: 'HEAD', acceptedFile })).toMatchObject({ commit: second });
    await expect(resolveBase(project.root, { base: 'nowhere', acceptedFile })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('nowhere') as string,
    });
  });

  it('returns none if history or a main branch is missing', async () => {
    expect(await resolveBase(temporaryFolder(), { acceptedFile })).toMatchObject({
      kind: 'none',
      why: expect.stringContaining('not a git repository') as string,
    });
    const project = new GitProject();
    project.commit({ [acceptedFile]: '[]' });
    project.commit({ a: '1' });
    expect(await resolveBase(project.root, { main: 'trunk', acceptedFile })).toMatchObject({
      kind: 'none',
      why: expect.stringContaining('trunk') as string,
    });
    const clone = temporaryFolder();
    execFileSync('git', ['clone', '--quiet', '--depth=1', pathToFileURL(project.root).href, clone]);
    expect(await resolveBase(clone, { acceptedFile })).toMatchObject({
      kind: 'none',
      why: expect.stringContaining('shallow') as string,
    });
  });
});
