import { expect, it } from 'vitest';

import { acceptedByTrailers, formatTrailer } from '../../../../packages/bench-gate/src/base/trailers.js';
import { GitProject } from '../../../support/git-project.js';

it('reads what the commits after the base accept, and reports what it cannot read', async () => {
  const project = new GitProject();
  const commit = (message: string): string => {
    project.git('commit', '--quiet', '--allow-empty', '--message', message);
    return project.git('rev-parse', '--short', 'HEAD');
  };
  commit('Old\n\nAccept-Slowdown: old up to 50 %: part of the base');
  const base = project.git('rev-parse', 'HEAD');
  const trailer = formatTrailer({
    benchmark: 'parse/a b',
    counter: 'instructions',
    upTo: 0.095,
    reason: 'checks keys',
  });
  expect(trailer).toBe('Accept-Slowdown: parse/a b [instructions] up to 9.5 %: checks keys');
  const first = commit(`Check keys\n\nSome text.\n\n${trailer}\nAccept-Slowdown: x up to 15 %: y`);
  const second = commit('More\n\nAccept-Slowdown: parse up to much: no');
  const said: string[] = [];
  expect(await acceptedByTrailers(project.root, base, (text) => said.push(text))).toEqual([
    { benchmark: 'parse/a b', counter: 'instructions', upTo: 0.095, reason: 'checks keys', commit: first },
    { benchmark: 'x', upTo: 0.15, reason: 'y', commit: first },
  ]);
  expect(said).toEqual([
    `Commit ${second}: expected "Accept-Slowdown: NAME up to 15 %: REASON", got "parse up to much: no"`,
  ]);
});
