/**
 * Pages link to each other, and to other files of the repository, by relative paths, because they are also read on
 * GitHub and in an editor. On the site, a link to a page becomes its address there; a link to another file leads to the
 * repository, or is plain text if package.json names none.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import type { MarkdownRenderer } from 'vitepress';

import { API_PAGES, addressOf } from './site-pages.js';

type Token = ReturnType<MarkdownRenderer['parse']>[number];

export interface RepositoryLinksOptions {
  /** The folder of the repository. */
  root: string;
  /** The address of a folder or file without its path, such as `https://github.com/me/univar/blob/main`. */
  repository: string | undefined;
}

/** Returns where a link leads on the site; undefined: nowhere. */
function target(href: string, page: string, { root, repository }: RepositoryLinksOptions): string | undefined {
  const [path = '', anchor] = href.split('#', 2);
  const file = relative(root, join(dirname(page), decodeURIComponent(path)));
  if (!existsSync(join(root, file))) throw new Error(`The link to ${href} in ${relative(root, page)} leads nowhere`);
  const address = addressOf(file) ?? (repository && `${repository}/${file}`);
  return address === undefined || anchor === undefined ? address : `${address}#${anchor}`;
}

function rewrite(tokens: Token[], page: string, options: RepositoryLinksOptions): void {
  const dropped: Token[] = [];
  let open: Token | undefined;
  for (const token of tokens) {
    if (token.type === 'link_close' && open?.tag === '') dropped.push(token);
    if (token.type !== 'link_open') continue;
    open = token;
    const href = token.attrGet('href') ?? '';
    if (/^([a-z]+:|#|\/)/.test(href)) continue;
    const address = target(href, page, options);
    if (address === undefined) token.tag = '';
    else token.attrSet('href', address);
    if (address === undefined) dropped.push(token);
  }
  tokens.splice(0, tokens.length, ...tokens.filter((token) => !dropped.includes(token)));
}

/** A plugin for markdown-it. Throws if a relative link leads to no file. */
export function repositoryLinks(md: MarkdownRenderer, options: RepositoryLinksOptions): void {
  md.core.ruler.push('repository_links', ({ tokens, env }) => {
    const page = (env as { realPath?: string }).realPath;
    if (page === undefined || page.startsWith(join(options.root, API_PAGES))) return;
    for (const { children } of tokens) if (children) rewrite(children, page, options);
  });
}
