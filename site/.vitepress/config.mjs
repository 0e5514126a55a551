// The pages are those of pages/ and what generate.mjs writes beside them into .pages/. A link that leads nowhere fails the build.
import { readFileSync } from 'node:fs';

const { tools, errors, recipes, documents } = JSON.parse(readFileSync(new URL('../.pages/menu.json', import.meta.url), 'utf8'));

export default {
  title: 'CrowVault.Mcp',
  description: 'Resilience code in plain TypeScript that you own: circuit breaker, retry, rate limiter, timeouts, bulkhead.',
  lang: 'en',
  srcDir: '.pages',
  outDir: '../artifacts/site',
  cacheDir: '../artifacts/site-cache',
  // Works from any folder of any server, and from a disk.
  base: process.env.SITE_BASE ?? '/',
  cleanUrls: false,
  lastUpdated: false,
  markdown: { theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } },
  // The default theme gives its home page no landmark.
  transformHtml: (html) => html.replace('<div class="VPContent is-home"', '<div role="main" class="VPContent is-home"'),
  themeConfig: {
    // Without a name of its own the button is called what stands on it.
    search: { provider: 'local', options: { translations: { button: { buttonText: 'Search', buttonAriaLabel: '' } } } },
    outline: [2, 3],
    nav: [
      { text: 'Choose', link: '/choose' },
      { text: 'Tools', link: tools[0].link, activeMatch: '^/tools/' },
      { text: 'Recipes', link: recipes[0].link, activeMatch: '^/recipes/' },
      { text: 'Documents', link: documents[0].link, activeMatch: '^/docs/' },
    ],
    sidebar: [
      {
        text: 'Begin',
        items: [
          { text: 'Which pattern', link: '/choose' },
          { text: 'Anti-patterns', link: '/anti-patterns' },
          { text: 'Coming from a library', link: '/coming-from' },
        ],
      },
      { text: 'Tools', items: tools },
      { text: 'Recipes', items: recipes },
      { text: 'Errors', items: errors },
      { text: 'Documents', items: documents },
    ],
  },
};
