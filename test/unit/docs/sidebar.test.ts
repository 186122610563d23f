import type { DefaultTheme } from 'vitepress';
import { describe, expect, it } from 'vitest';

import { GUIDES } from '../../../docs/.vitepress/sidebar.js';
import { addressOf } from '../../../docs/.vitepress/site-pages.js';
import { readPages } from '../../support/markdown-pages.js';

const linksOf = (items: readonly DefaultTheme.SidebarItem[]): string[] =>
  items.flatMap(({ link, items: inner = [] }) => [...(link === undefined ? [] : [link]), ...linksOf(inner)]);

describe('the sidebar of the documentation', () => {
  it('lists every guide once, and nothing else', () => {
    const guides = readPages().flatMap(({ path }) => addressOf(path) ?? []);
    const listed = linksOf(GUIDES);
    expect([...listed].sort()).toEqual(guides.filter((address) => address !== '/changelog').sort());
  });
});
