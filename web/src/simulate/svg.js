// Charts as one SVG, for pull requests and documents: no script, no font, light and dark by the reader's own setting.

import { inTimeUnit } from './result.js';

/** @typedef {import('./result.js').Result} Result */
/** @typedef {import('./result.js').Chart} Chart */

const WIDTH = 860;
const HEIGHT = 268;
const LEFT = 52;
const RIGHT = 16;
/** Room for three rows of the legend. */
const TOP = 76;
const BOTTOM = 34;
/** Letters of a line of text that is as wide as the picture. */
const MOST_LETTERS = 125;

const LIGHT = { good: '#a9c0ee', bad: '#c9483f', refused: '#868c95', accent: '#2457c5', reference: '#6b727c', muted: '#7d848e', 'layer-0': '#4d8a86', 'layer-1': '#8a6fb0', 'layer-2': '#a8803a', 'layer-3': '#6d7f4a' };
const DARK = { good: '#3f5a94', bad: '#d9655c', refused: '#9aa0a9', accent: '#8aabf5', reference: '#a0a6af', muted: '#7f8690', 'layer-0': '#6fb3ae', 'layer-1': '#b59ad8', 'layer-2': '#d0a961', 'layer-3': '#9db373' };
const DASHES = { reference: '2 3', 'layer-1': '6 3', 'layer-2': '2 2', 'layer-3': '8 3 2 3' };

const BASE =
  'text{font:12px system-ui,sans-serif;fill:#5a616b}.title{font-size:14px;font-weight:600;fill:#1c1f24}.grid{stroke:#e2e3e0}.back{fill:#f1f1ee}' +
  '.mark{stroke:#5a616b;stroke-dasharray:4 3}.line{fill:none;stroke-width:1.5}.main{stroke-width:2.5}.paper{fill:#fff}';
const BASE_DARK = 'text{fill:#a0a6af}.title{fill:#e6e7e9}.grid{stroke:#2c3036}.back{fill:#22262b}.mark{stroke:#a0a6af}.paper{fill:#15171a}';

/** Colours of the roles that are drawn, light and dark by the reader's own setting. */
function styleOf(/** @type {readonly Chart[]} */ charts) {
  const roles = new Set(charts.flatMap(({ series, spans }) => [...series, ...spans.filter(({ place }) => place === 'strip')]).map(({ role }) => role));
  const rules = (/** @type {Record<string, string>} */ colours, /** @type {Record<string, string>} */ dashes) =>
    [...roles]
      .map((role) => `.s-${role}{stroke:${String(colours[role])}${dashes[role] === undefined ? '' : `;stroke-dasharray:${dashes[role]}`}}.f-${role}{fill:${String(colours[role])}}`)
      .join('');
  return `${BASE}${rules(LIGHT, DASHES)}@media (prefers-color-scheme:dark){${BASE_DARK}${rules(DARK, {})}}`;
}

/**
 * The charts of a result, one below the other.
 *
 * @param {Result} result
 * @param {string} title
 */
export function svgOf({ charts, remarks }, title) {
  const lines = remarks.flatMap((remark) => folded(remark, MOST_LETTERS));
  const below = charts.length * HEIGHT;
  const height = below + (lines.length === 0 ? 0 : 10 + 18 * lines.length);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" role="img" aria-label="${escape(title)}">`,
    `<title>${escape(title)}</title>`,
    `<style>${styleOf(charts)}</style>`,
    `<rect class="paper" width="${String(WIDTH)}" height="${String(height)}"/>`,
    ...charts.map((chart, index) => `<g transform="translate(0 ${String(index * HEIGHT)})">${chartOf(inTimeUnit(chart))}</g>`),
    ...lines.map((line, index) => `<text x="16" y="${String(below + 16 + 18 * index)}">${escape(line)}</text>`),
    '</svg>',
    '',
  ].join('\n');
}

/** A sentence in lines. */
function folded(/** @type {string} */ text, /** @type {number} */ most) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/** @param {Chart} chart */
function chartOf({ title, xs, series, spans, marks, scale, x: across, y: up }) {
  const isLog = scale === 'log';
  const first = xs[0] ?? 1;
  const last = xs.at(-1) ?? 1;
  const halfBin = xs.length > 1 ? (isLog ? Math.log10(/** @type {number} */ (xs[1]) / first) : /** @type {number} */ (xs[1]) - first) / 2 : 0.5;
  const hasPoints = series.some(({ kind }) => kind === 'points');
  const start = isLog ? Math.log10(first) - halfBin : hasPoints ? Math.floor(Math.min(...xs)) : 0;
  const end = isLog ? Math.log10(last) + halfBin : hasPoints ? Math.ceil(Math.max(...xs)) : last + first;
  const bars = series.filter(({ kind }) => kind === 'bars');
  const stacked = xs.map((_, index) => bars.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const markTop = marks.filter(({ axis }) => axis === 'y').map(({ at }) => at);
  const most = Math.max(1, ...stacked, ...markTop, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const step = niceStep(most / 4);
  const top = Math.ceil(most / step) * step;
  const xOf = (/** @type {number} */ value) => LEFT + ((WIDTH - LEFT - RIGHT) * ((isLog ? Math.log10(value) : value) - start)) / (end - start);
  const x = (/** @type {number} */ value) => figure(xOf(value));
  const y = (/** @type {number} */ value) => figure(HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * value) / top);
  const parts = [`<text class="title" x="16" y="22">${escape(title)}</text>`];
  for (const { from, to, label, place, role } of spans) {
    if (place === 'back') {
      parts.push(
        `<rect class="back" x="${x(from)}" y="${y(top)}" width="${figure(xOf(to) - xOf(from))}" height="${figure(Number(y(0)) - Number(y(top)))}"/>`,
        `<text x="${figure(xOf(from) + 6)}" y="${figure(Number(y(top)) + 13)}">${escape(label)}</text>`,
      );
    } else {
      parts.push(`<rect class="f-${role}" x="${x(from)}" y="${figure(HEIGHT - BOTTOM + 2)}" width="${figure(Math.max(1.5, xOf(Math.min(to, end)) - xOf(from)))}" height="5"/>`);
    }
  }
  for (let value = 0; value <= top; value += step) {
    parts.push(
      `<line class="grid" x1="${String(LEFT)}" x2="${String(WIDTH - RIGHT)}" y1="${y(value)}" y2="${y(value)}"/>`,
      `<text x="${String(LEFT - 8)}" y="${figure(Number(y(value)) + 4)}" text-anchor="end">${figure(value)}</text>`,
    );
  }
  for (const value of isLog ? logTicks(start, end) : ticks(start, end)) {
    parts.push(`<text x="${x(value)}" y="${String(HEIGHT - BOTTOM + 19)}" text-anchor="middle">${figure(value)}</text>`);
  }
  parts.push(
    `<text x="16" y="${String(TOP - 8)}">${escape(up)}</text>`,
    `<text x="${String(WIDTH - RIGHT)}" y="${String(HEIGHT - 3)}" text-anchor="end">${escape(across)}</text>`,
  );
  /** @type {{ label: string, key: (at: number) => string }[]} */
  const legend = [];
  const below = xs.map(() => 0);
  for (const { label, like, role, values, main, kind } of series) {
    const each = xs.map((at, index) => ({ at, value: values[index] ?? null, index })).filter((point) => point.value !== null);
    if (kind === 'bars') {
      const edge = (/** @type {number} */ at, /** @type {number} */ by) => figure(xOf(isLog ? at * 10 ** by : at + by));
      const boxes = each.filter(({ value }) => value !== 0).map(({ at, value, index }) => {
        const from = /** @type {number} */ (below[index]);
        const to = from + /** @type {number} */ (value);
        below[index] = to;
        return `M${edge(at, -halfBin)} ${y(from)}V${y(to)}H${edge(at, halfBin)}V${y(from)}z`;
      });
      parts.push(`<path class="f-${role}" d="${boxes.join('')}"/>`);
    } else if (kind === 'points') {
      parts.push(`<path class="line s-${role}" stroke-linecap="round" d="${each.map(({ at, value }) => `M${x(at)} ${y(/** @type {number} */ (value))}h.1`).join('')}" style="stroke-width:3"/>`);
    } else {
      const points = each.map(({ at, value }) => `${x(at)},${y(/** @type {number} */ (value))}`);
      parts.push(`<polyline class="line s-${role}${main === true ? ' main' : ''}" points="${points.join(' ')}"/>`);
    }
    const isLine = kind === 'line' || kind === 'step';
    legend.push({
      label: like === undefined ? label : `${label}, like ${like}`,
      key: (at) => (isLine ? `<line class="line s-${role}" x1="${figure(at)}" x2="${figure(at + 16)}" y1="18" y2="18"/>` : `<rect class="f-${role}" x="${figure(at + 3)}" y="13" width="10" height="10"/>`),
    });
  }
  for (const [label, role] of new Map(spans.filter(({ place }) => place === 'strip').map((span) => [span.label, span.role]))) {
    legend.push({ label, key: (at) => `<rect class="f-${role}" x="${figure(at)}" y="16" width="16" height="5"/>` });
  }
  for (const { at, label, axis } of marks) {
    parts.push(
      axis === 'x'
        ? `<line class="mark" x1="${x(at)}" x2="${x(at)}" y1="${y(0)}" y2="${y(top)}"/><text x="${figure(xOf(at) + 5)}" y="${figure(Number(y(top)) + 10)}">${escape(label)}</text>`
        : `<line class="mark" x1="${String(LEFT)}" x2="${String(WIDTH - RIGHT)}" y1="${y(at)}" y2="${y(at)}"/><text x="${String(WIDTH - RIGHT)}" y="${figure(Number(y(at)) - 5)}" text-anchor="end">${escape(label)}</text>`,
    );
  }
  // Drawn last is read first.
  if (series.at(-1)?.main === true) {
    legend.reverse();
  }
  const left = 40 + title.length * 8.2;
  let room = left;
  let row = 0;
  for (const { label, key } of legend) {
    const width = 36 + label.length * 6.3;
    if (room + width > WIDTH) {
      room = left;
      row += 18;
    }
    parts.push(`<g${row === 0 ? '' : ` transform="translate(0 ${String(row)})"`}>${key(room)}<text x="${figure(room + 21)}" y="22">${escape(label)}</text></g>`);
    room += width;
  }
  return parts.join('');
}

function ticks(/** @type {number} */ start, /** @type {number} */ end) {
  const step = niceStep((end - start) / 8);
  return Array.from({ length: Math.floor((end - start) / step + 1e-9) + 1 }, (_, index) => start + index * step);
}

function logTicks(/** @type {number} */ start, /** @type {number} */ end) {
  const powers = Array.from({ length: Math.floor(end) - Math.floor(start) + 1 }, (_, index) => 10 ** (Math.floor(start) + index));
  return powers.flatMap((power) => [1, 2, 5].map((factor) => power * factor)).filter((value) => Math.log10(value) >= start && Math.log10(value) <= end);
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
