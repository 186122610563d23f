/** Chooses the commit that a check compares with. */
import { git, tryGit } from './git.js';

export type BaseRevision =
  | { kind: 'commit'; commit: string; why: string }
  /** There is nothing to compare with. The check does not fail. */
  | { kind: 'none'; why: string };

export interface BaseChoice {
  /** Requested revision, in any notation that git understands. */
  base?: string | undefined;
  /** Name of the main branch. @default main, then master; for each, origin's branch is preferred */
  main?: string | undefined;
  /** File whose last change is the base for a check on the main branch itself, relative to the root. */
  acceptedFile: string;
}

/**
 * Returns the requested commit, or else the merge base with the main branch. On the main branch itself, returns the
 * commit that last changed the accepted slow-downs, so that small losses of many commits add up until a check detects
 * them.
 *
 * @throws EngineError `ERR_DATA` for a `base` that git does not know
 */
export async function resolveBase(
  root: string,
  { base, main, acceptedFile }: BaseChoice,
  signal?: AbortSignal,
): Promise<BaseRevision> {
  const head = await tryGit(root, ['rev-parse', '--verify', 'HEAD'], signal);
  if (head === undefined) return { kind: 'none', why: `${root} is not a git repository with a commit` };
  const usable = async (commit: string, why: string): Promise<BaseRevision> => {
    if (commit === head && !(await hasChanges(root, signal)))
      return { kind: 'none', why: `${why} is the checked revision itself, ${commit.slice(0, 10)}` };
    return { kind: 'commit', commit, why };
  };
  if (base !== undefined) return usable(await git(root, ['rev-parse', '--verify', `${base}^{commit}`], signal), base);

  const branch = await mainBranch(root, main, signal);
  if (branch === undefined)
    return { kind: 'none', why: `no branch named ${main ?? 'main or master'} exists here or at origin` };
  const merge = await tryGit(root, ['merge-base', 'HEAD', branch], signal);
  if (merge === undefined)
    return { kind: 'none', why: `HEAD and ${branch} have no common commit here (a shallow clone?)` };
  if (merge !== head) return usable(merge, `the merge base with ${branch}`);

  const marked = await tryGit(root, ['log', '-1', '--format=%H', '--', acceptedFile], signal);
  if (!marked) return { kind: 'none', why: `HEAD is part of ${branch}, and no commit here has ${acceptedFile}` };
  // The oldest commit of a shallow clone appears to have created every file.
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
