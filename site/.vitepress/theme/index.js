// The default theme, and the diagrams of the guides drawn where a script may run; without one their text stands there.
import { nextTick, onMounted, watch } from 'vue';
import { useData, useRoute } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import './style.css';

let serial = 0;

async function draw() {
  await nextTick();
  const blocks = [...document.querySelectorAll('div.language-mermaid:not([data-drawn])')];
  if (blocks.length === 0) return;
  const { default: mermaid } = await import('mermaid');
  const isDark = document.documentElement.classList.contains('dark');
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: 'strict',
    theme: isDark ? 'dark' : 'default',
    // Words on a line stand on the page's own ground.
    themeVariables: isDark ? { edgeLabelBackground: '#1b1b1f', textColor: '#dfdfd6' } : {},
  });
  for (const block of blocks) {
    const source = (block.dataset.source ??= block.querySelector('code').textContent);
    block.dataset.drawn = 'pending';
    const { svg } = await mermaid.render(`diagram-${String(++serial)}`, source);
    const figure = document.createElement('figure');
    figure.className = 'diagram';
    figure.innerHTML = svg;
    const drawing = figure.querySelector('svg');
    drawing.setAttribute('role', 'img');
    drawing.setAttribute('aria-label', `Diagram: ${source.split('\n').slice(1).join('; ').replaceAll(/\s+/gu, ' ').trim()}`);
    drawing.removeAttribute('aria-roledescription');
    block.replaceChildren(figure);
    block.dataset.drawn = 'true';
  }
}

export default {
  extends: DefaultTheme,
  setup() {
    const route = useRoute();
    const { isDark } = useData();
    onMounted(draw);
    watch(() => route.path, draw);
    // In the other theme the lines of a diagram have other colours.
    watch(isDark, () => {
      for (const block of document.querySelectorAll('div.language-mermaid[data-drawn]')) {
        delete block.dataset.drawn;
      }
      return draw();
    });
  },
};
