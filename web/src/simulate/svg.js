// Charts as one SVG, for pull requests and documents: no script, no font, light and dark by the reader's own setting.

/** @typedef {import('./result.js').Result} Result */
/** @typedef {import('./result.js').Chart} Chart */

const WIDTH = 860;
const HEIGHT = 250;
const LEFT = 52;
const RIGHT = 16;
const TOP = 58;
const BOTTOM = 34;

const STYLE = `
text{font:12px system-ui,sans-serif;fill:#5a616b}.title{font-size:14px;font-weight:600;fill:#1c1f24}
.grid{stroke:#e2e3e0}.back{fill:#f1f1ee}.line{fill:none;stroke-width:1.5}.main{stroke-width:2.5}
.s-accent{stroke:#2457c5}.s-bad{stroke:#c9483f}.s-reference{stroke:#6b727c;stroke-dasharray:2 3}
.s-layer-0{stroke:#4d8a86}.s-layer-1{stroke:#8a6fb0;stroke-dasharray:6 3}.s-layer-2{stroke:#a8803a;stroke-dasharray:2 2}.s-layer-3{stroke:#6d7f4a;stroke-dasharray:8 3 2 3}
.paper{fill:#fff}
@media (prefers-color-scheme:dark){text{fill:#a0a6af}.title{fill:#e6e7e9}.grid{stroke:#2c3036}.back{fill:#22262b}.paper{fill:#15171a}
.s-accent{stroke:#8aabf5}.s-bad{stroke:#d9655c}.s-reference{stroke:#a0a6af}.s-layer-0{stroke:#6fb3ae}.s-layer-1{stroke:#b59ad8}.s-layer-2{stroke:#d0a961}.s-layer-3{stroke:#9db373}}
`.replaceAll('\n', '');

/**
 * The line charts of a result, one below the other.
 *
 * @param {Result} result
 * @param {string} title
 */
export function svgOf({ charts }, title) {
  const height = charts.length * HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" role="img" aria-label="${escape(title)}">`,
    `<title>${escape(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${String(WIDTH)}" height="${String(height)}"/>`,
    ...charts.map((chart, index) => `<g transform="translate(0 ${String(index * HEIGHT)})">${chartOf(chart)}</g>`),
    '</svg>',
    '',
  ].join('\n');
}

/** @param {Chart} chart */
function chartOf({ title, xs, series, spans, x: across, y: up }) {
  const end = xs.length === 0 ? 1 : /** @type {number} */ (xs.at(-1)) + /** @type {number} */ (xs[0]);
  const most = Math.max(1, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const step = niceStep(most / 4);
  const top = Math.ceil(most / step) * step;
  const x = (/** @type {number} */ value) => figure(LEFT + ((WIDTH - LEFT - RIGHT) * value) / end);
  const y = (/** @type {number} */ value) => figure(HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * value) / top);
  const parts = [`<text class="title" x="16" y="22">${escape(title)}</text>`];
  for (const { from, to, label, place } of spans) {
    if (place === 'back') {
      parts.push(
        `<rect class="back" x="${x(from)}" y="${y(top)}" width="${figure(Number(x(to)) - Number(x(from)))}" height="${figure(Number(y(0)) - Number(y(top)))}"/>`,
        `<text x="${figure(Number(x(from)) + 6)}" y="${figure(Number(y(top)) + 13)}">${escape(label)}</text>`,
      );
    }
  }
  for (let value = 0; value <= top; value += step) {
    parts.push(
      `<line class="grid" x1="${String(LEFT)}" x2="${String(WIDTH - RIGHT)}" y1="${y(value)}" y2="${y(value)}"/>`,
      `<text x="${String(LEFT - 8)}" y="${figure(Number(y(value)) + 4)}" text-anchor="end">${figure(value)}</text>`,
    );
  }
  const tick = niceStep(end / 8);
  for (let value = 0; value <= end; value += tick) {
    parts.push(`<text x="${x(value)}" y="${String(HEIGHT - BOTTOM + 17)}" text-anchor="middle">${figure(value)}</text>`);
  }
  parts.push(
    `<text x="16" y="${String(TOP - 8)}">${escape(up)}</text>`,
    `<text x="${String(WIDTH - RIGHT)}" y="${String(HEIGHT - 3)}" text-anchor="end">${escape(across)}</text>`,
  );
  let legend = 190;
  for (const { label, role, values, main, kind } of series) {
    if (kind === 'bars' || kind === 'points') {
      continue;
    }
    const points = values.map((value, index) => (value === null ? '' : `${x(/** @type {number} */ (xs[index]))},${y(value)}`)).filter((point) => point !== '');
    parts.push(`<polyline class="line s-${role}${main === true ? ' main' : ''}" points="${points.join(' ')}"/>`);
    const width = 30 + label.length * 6.1;
    if (legend + width < WIDTH) {
      parts.push(`<line class="line s-${role}" x1="${figure(legend)}" x2="${figure(legend + 16)}" y1="18" y2="18"/>`, `<text x="${figure(legend + 21)}" y="22">${escape(label)}</text>`);
      legend += width;
    }
  }
  return parts.join('');
}

function niceStep(/** @type {number} */ least) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(least, 1e-9)));
  return unit * (/** @type {number} */ ([1, 2, 5, 10].find((factor) => unit * factor >= least * 0.999)));
}

function figure(/** @type {number} */ value) {
  return String(Math.round(value * 10) / 10);
}

function escape(/** @type {string} */ text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
