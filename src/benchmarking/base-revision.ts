/** Which commit a check compares with. */
import { git, tryGit } from './git.js';

export type BaseRevision =
  | { kind: 'commit'; commit: string; why: string }
  /** There is nothing to compare with, which is no reason to fail. */
  | { kind: 'none'; why: string };

export interface BaseChoice {
  /** Asked for; anything that git understands. */
  base?: string | undefined;
  /** Name of the main branch. @default main, then master, each preferably as origin has it */
  main?: string | undefined;
  /** File whose last change marks the base on the main branch itself, relative to the root. */
  acceptedFile: string;
}

/**
 * The commit asked for; else the merge base with the main branch; on the main branch itself the commit that last
 * changed the accepted slow-downs, so that small losses of many commits add up until they show.
 *
 * @throws EngineError `ERR_DATA` for a `base` that git does not know
 */
export async function resolveBase(
  root: string,
  { base, main, acceptedFile }: BaseChoice,
  signal?: AbortSignal,
): Promise<BaseRevision> {
  const head = await tryGit(root, ['rev-parse', '--verify', 'HEAD'], signal);
  if (head === undefined) return { kind: 'none', why: `${root} is no git repository with a commit` };
  const usable = async (commit: string, why: string): Promise<BaseRevision> => {
    if (commit === head && !(await hasChanges(root, signal)))
      return { kind: 'none', why: `${why} is the revision to be checked itself, ${commit.slice(0, 10)}` };
    return { kind: 'commit', commit, why };
  };
  if (base !== undefined) return usable(await git(root, ['rev-parse', '--verify', `${base}^{commit}`], signal), base);

  const branch = await mainBranch(root, main, signal);
  if (branch === undefined)
    return { kind: 'none', why: `there is no branch named ${main ?? 'main or master'}, here or at origin` };
  const merge = await tryGit(root, ['merge-base', 'HEAD', branch], signal);
  if (merge === undefined)
    return { kind: 'none', why: `HEAD and ${branch} have no common commit here (a shallow clone?)` };
  if (merge !== head) return usable(merge, `the merge base with ${branch}`);

  const marked = await tryGit(root, ['log', '-1', '--format=%H', '--', acceptedFile], signal);
  if (!marked) return { kind: 'none', why: `HEAD is part of ${branch}, and no commit here has ${acceptedFile}` };
  // A shallow clone's oldest commit seems to have made every file.
  const shallow = (await tryGit(root, ['rev-parse', '--is-shallow-repository'], signal)) === 'true';
  if (shallow && (await tryGit(root, ['rev-parse', '--verify', `${marked}^`], signal)) === undefined) {
    return { kind: 'none', why: `the clone is shallow and does not reach the last change of ${acceptedFile}` };
  }
  return usable(marked, `the last change of ${acceptedFile}`);
}

async function mainBranch(root: string, main: string | undefined, signal?: AbortSignal): Promise<string | undefined> {
  for (const name of main === undefined ? ['main', 'master'] : [main]) {
    for (const ref of [`origin/${name}`, name]) {
      if ((await tryGit(root, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], signal)) !== undefined)
        return ref;
    }
  }
  return undefined;
}

async function hasChanges(root: string, signal?: AbortSignal): Promise<boolean> {
  return (await git(root, ['status', '--porcelain', '--untracked-files=no'], signal)) !== '';
}
