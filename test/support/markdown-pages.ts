/** The Markdown pages of the repository as their tests read them: headings, links and blocks of code. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import MarkdownIt from 'markdown-it';

import { slug } from '../../docs/.vitepress/slug.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Block {
  /** The page and the line where the block begins, as editors open it. */
  place: string;
  /** What stands behind the fence; empty: output, formulas and other text. */
  language: string;
  content: string;
}

export interface MarkdownPage {
  /** Relative to the repository. */
  path: string;
  text: string;
  /** Whether it begins with a title and a paragraph, which says what the page is for. */
  isIntroduced: boolean;
  anchors: ReadonlySet<string>;
  links: { place: string; href: string }[];
  blocks: Block[];
  /** Code within a sentence. */
  inline: { place: string; content: string }[];
}

const PATHS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'models/README.md',
  'models/univar-base/README.md',
  'packages/univar-mini/README.md',
  'generation/README.md',
  'examples/quickstart/README.md',
  ...readdirSync(`${ROOT}/docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const markdown = new MarkdownIt({ html: true });

function readPage(path: string): MarkdownPage {
  const text = readFileSync(`${ROOT}/${path}`, 'utf8');
  const tokens = markdown.parse(text, {});
  const page: MarkdownPage & { anchors: Set<string> } = {
    path,
    text,
    isIntroduced: tokens[0]?.tag === 'h1' && tokens[3]?.type === 'paragraph_open',
    anchors: new Set(),
    links: [],
    blocks: [],
    inline: [],
  };
  let line = 0;
  for (const [i, token] of tokens.entries()) {
    line = token.map?.[0] ?? line;
    const place = `${path}:${line + 1}`;
    if (token.type === 'fence') page.blocks.push({ place, language: token.info.trim(), content: token.content });
    if (token.type === 'heading_open') {
      const words = tokens[i + 1]?.children ?? [];
      page.anchors.add(slug(words.map(({ content }) => content).join('')));
    }
    for (const child of token.children ?? []) {
      const href = { link_open: child.attrGet('href'), image: child.attrGet('src') }[child.type];
      if (href) page.links.push({ place, href });
      if (child.type === 'code_inline') page.inline.push({ place, content: child.content });
    }
  }
  return page;
}

/** Reads all pages. */
export const readPages = (): MarkdownPage[] => PATHS.map(readPage);
