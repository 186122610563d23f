/** Which Markdown files of the repository are pages of the site, and at which address. */

/** TypeDoc writes the API reference there, `npm run docs` reads it, and git ignores it. */
export const API_PAGES = 'out/docs-pages/api';

/** Pages of the site outside of docs/: file to page. */
const OTHERS: Readonly<Record<string, string>> = {
  'models/univar-base/README.md': 'univar-base.md',
  'packages/univar-mini/README.md': 'univar-mini.md',
  'CHANGELOG.md': 'changelog.md',
};

/** Rewrites of VitePress. Both sides are relative: to the repository, and to the site. */
export const REWRITES: Readonly<Record<string, string>> = {
  'docs/:page': ':page',
  [`${API_PAGES}/:path*`]: 'api/:path*',
  ...OTHERS,
};

/** Folders and files that VitePress does not search for pages. */
export const NOT_PAGES = [
  '{.*,bench,build,dist,examples,generation,native,node_modules,scripts,src,test}/**',
  'out/!(docs-pages)/**',
  'models/!(univar-base)/**',
  'packages/*/!(README.md)/**',
  '{models/,}{README,CONTRIBUTING}.md',
];

/** The address of a Markdown file on the site, without `.html`; undefined if the file is no page. */
export function addressOf(file: string): string | undefined {
  const page = OTHERS[file] ?? /^docs\/([^/]+\.md)$/.exec(file)?.[1];
  return page === undefined ? undefined : `/${page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}`;
}
