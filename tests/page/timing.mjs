// How long the page takes: until its first paint, until its first plot, and from a slider's move to the plot of it. Figures to read and
// to write into tests/benchmarks/README.md; nothing fails for being slow.
//
//   node timing.mjs [ROUNDS]
//
// Needs chromium (CHROMIUM names another executable).
import { TOOLS, atRest, launch, open, serve, shown } from './lib/browser.mjs';

const rounds = Number(process.argv[2] ?? 7);
const MOVES = 15;
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const server = await serve();
const browser = await launch();

/** From the input of a slider to the plot of its value, for as many moves up and down, each to a new value. */
const redraws = (page, selector) =>
  page.evaluate(
    async ([name, moves]) => {
      // An argument that is left out may conflict with the others once it is given.
      const slider = [...document.querySelectorAll(name)].find((each) => each.parentElement.querySelector('input[type=text]').value !== '');
      const times = [];
      const start = Number(slider.value);
      for (let move = 0; move < moves; move += 1) {
        // Never where it was before: what is known of a value is kept.
        slider.value = String(start + (move % 2 === 0 ? 40 : 0) + move);
        const drawn = new Promise((resolve) => document.addEventListener('drawn', resolve, { once: true }));
        const since = performance.now();
        slider.dispatchEvent(new Event('input'));
        await drawn;
        times.push(performance.now() - since);
      }
      return times;
    },
    [selector, MOVES],
  );

console.log('| | First paint | First plot | Redrawn: the world | Redrawn: an argument |\n|---|---:|---:|---:|---:|');
for (const tool of [...TOOLS, 'stack']) {
  const took = { paint: [], plot: [], world: [], argument: [] };
  for (let round = 0; round < rounds; round += 1) {
    const { page, close } = await open(browser, `${server.url}/#${tool}`);
    await shown(page);
    const { paint, plot } = await page.evaluate(() => ({
      paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      plot: window.firstDrawn,
    }));
    took.paint.push(paint);
    took.plot.push(plot);
    await atRest(page);
    took.world.push(...(await redraws(page, '[data-knob] input[type=range]')));
    await atRest(page);
    if (tool !== 'stack') took.argument.push(...(await redraws(page, '.form > .field:not([hidden]) input[type=range]')));
    await close();
  }
  const cell = (values) => (values.length === 0 ? '' : `${median(values).toFixed(0)} ms`);
  console.log(
    `| ${tool.replace('generate_', '')} | ${cell(took.paint)} | ${cell(took.plot)} | ${cell(took.world)} | ${cell(took.argument)} |`,
  );
}
await browser.close();
await server.stop();
