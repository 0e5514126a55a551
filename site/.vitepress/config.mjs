// The pages are those of pages/ and what generate.mjs writes beside them into .pages/. A link that leads nowhere fails the build.
import { readFileSync } from 'node:fs';

const { tools, errors, recipes, documents } = JSON.parse(readFileSync(new URL('../.pages/menu.json', import.meta.url), 'utf8'));

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#3451b2" d="M12 2 3 6v6c0 5 4 8.5 9 10 5-1.5 9-5 9-10V6z"/></svg>';

export default {
  title: 'CrowVault.Mcp',
  description: 'Resilience code in plain TypeScript that you own: circuit breaker, retry, rate limiter, timeouts, bulkhead.',
  lang: 'en',
  srcDir: '.pages',
  outDir: '../artifacts/site',
  cacheDir: '../artifacts/site-cache',
  // SITE_BASE is another folder of the server than its topmost, such as /crowvault/.
  base: process.env.SITE_BASE ?? '/',
  cleanUrls: false,
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    // Commands that the documents indent are blocks of code like the others, which scroll in themselves.
    config: (md) => {
      md.core.ruler.push('indented', ({ tokens }) => {
        for (const token of tokens.filter(({ type }) => type === 'code_block')) {
          Object.assign(token, { type: 'fence', tag: 'code', info: 'sh', markup: '```' });
        }
      });
    },
  },
  // The default theme gives its home page no landmark.
  transformHtml: (html) => html.replace('<div class="VPContent is-home"', '<div role="main" class="VPContent is-home"'),
  themeConfig: {
    // Without a name of its own the button is called what stands on it.
    search: { provider: 'local', options: { translations: { button: { buttonText: 'Search', buttonAriaLabel: '' } } } },
    outline: [2, 3],
    nav: [
      { text: 'Choose', link: '/choose' },
      // No page of the site's own, so that it has to be loaded.
      { text: 'Playground', link: '/playground/', target: '_self' },
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
