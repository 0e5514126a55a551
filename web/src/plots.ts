import uPlot from 'uplot';
import { h } from './dom.js';
import { inTimeUnit, type Chart, type Result, type Role, type Series, type Span } from './simulate/result.js';

const HEIGHT = 220;
const STRIP = 14;

/** A result's charts, kept and filled anew as long as their shape stays. */
export class Plots {
  readonly element = h('div', { class: 'plots' });
  #views: Plot[] = [];
  /** Labels of series that begin hidden, so that the reader's choice lasts. */
  readonly #known = new Set<string>();
  readonly #hidden = new Set<string>();

  show({ charts }: Result, before: Result | undefined): void {
    for (const { label, quiet } of charts.flatMap(({ series }) => series)) {
      if (quiet === true && !this.#known.has(label)) {
        this.#known.add(label);
        this.#hidden.add(label);
      }
    }
    const shape = charts.map(({ id }) => id).join();
    if (this.#views.map(({ id }) => id).join() !== shape) {
      this.clear();
      this.#views = charts.map((chart) => new Plot(chart.id, this.#hidden));
      this.element.replaceChildren(...this.#views.map((view) => view.element));
    }
    charts.forEach((chart, index) => {
      const was = before?.charts.find(({ id }) => id === chart.id);
      this.#views[index]?.show(inTimeUnit(chart), was === undefined ? undefined : inTimeUnit(was, chart));
    });
  }

  /** Draws again, in the colours of the theme. */
  redraw(): void {
    for (const view of this.#views) {
      view.rebuild();
    }
  }

  clear(): void {
    for (const view of this.#views) {
      view.end();
    }
    this.#views = [];
    this.element.replaceChildren();
  }
}

/** One chart with its legend and a sentence for those who cannot see it. */
class Plot {
  readonly element: HTMLElement;
  readonly #title = h('figcaption');
  readonly #legend = h('div', { class: 'legend' });
  readonly #canvas = h('div', { class: 'canvas' });
  readonly #hidden: Set<string>;
  readonly #observer: ResizeObserver;
  #plot: uPlot | undefined;
  #shape = '';
  #chart: Chart | undefined;
  #before: Chart | undefined;

  readonly id: string;

  constructor(id: string, hidden: Set<string>) {
    this.id = id;
    this.#hidden = hidden;
    this.element = h('figure', { class: 'plot', 'data-chart': id }, this.#title, this.#legend, this.#canvas);
    this.#observer = new ResizeObserver(() => {
      this.#plot?.setSize({ width: this.#width, height: HEIGHT });
    });
    this.#observer.observe(this.#canvas);
  }

  get #width(): number {
    return Math.max(200, this.#canvas.clientWidth);
  }

  show(chart: Chart, before: Chart | undefined): void {
    this.#chart = chart;
    this.#before = before;
    this.#title.textContent = chart.title;
    const shape = JSON.stringify([chart.scale, chart.series.map(({ label, like, kind, role }) => [label, like, kind, role]), chart.spans.some(({ place }) => place === 'strip'), before !== undefined, chart.x, chart.y]);
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.rebuild();
    } else {
      this.#plot?.setData(dataOf(chart, before, this.#hidden));
    }
    this.#canvas.setAttribute('aria-label', summaryOf(chart));
    this.#canvas.setAttribute('role', 'img');
  }

  rebuild(): void {
    this.#plot?.destroy();
    const chart = this.#chart;
    if (chart === undefined) {
      return;
    }
    this.#legend.replaceChildren(...legendOf(chart, this.#before, this.#hidden, () => {
      this.rebuild();
    }));
    this.#plot = new uPlot(optionsOf(() => this.#chart ?? chart, () => this.#before, this.#width), dataOf(chart, this.#before, this.#hidden), this.#canvas);
  }

  end(): void {
    this.#observer.disconnect();
    this.#plot?.destroy();
  }
}

/** Of spells of one name, how many a sentence gives the times of. */
const MOST_SPELLS = 4;

/** What a chart shows, for those who do not see it. */
function summaryOf({ title, series, spans, marks, x, y }: Chart): string {
  const figure = (value: number): string => String(Number(value.toPrecision(3)));
  const peaks = series.map(({ label, values }) => `${label}, at most ${figure(values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0))} ${y}`);
  const spells = [...new Set(spans.map(({ label }) => label))].map((name) => {
    const own = spans.filter(({ label }) => label === name);
    const times = own.slice(0, MOST_SPELLS).map(({ from, to }) => `${figure(from)} to ${figure(to)}`);
    return `${name}, ${x} ${times.join(', ')}${own.length > MOST_SPELLS ? ` and ${String(own.length - MOST_SPELLS)} times more` : ''}`;
  });
  return `${title}: ${[...peaks, ...spells, ...marks.map(({ at, label, axis }) => `${label} at ${figure(at)} ${axis === 'x' ? x : y}`)].join('; ')}.`;
}

/** A role's colour in the theme at hand. */
function colour(role: Role | 'before' | 'ink' | 'line' | 'surface'): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--c-${role}`).trim();
}

const DASHES: Readonly<Record<string, number[]>> = {
  reference: [2, 3],
  'layer-0': [],
  'layer-1': [6, 3],
  'layer-2': [2, 2],
  'layer-3': [8, 3, 2, 3],
};

function legendOf(chart: Chart, before: Chart | undefined, hidden: Set<string>, changed: () => void): HTMLElement[] {
  const entries = [...chart.series].reverse().map(({ label, like, role, kind }) => {
    const swatch = h('span', { class: `swatch is-${kind} role-${role}`, 'aria-hidden': 'true' });
    const button = h('button', {
      type: 'button',
      class: 'legend-entry',
      'aria-pressed': hidden.has(label) ? 'false' : 'true',
      onclick: () => {
        if (hidden.has(label)) {
          hidden.delete(label);
        } else {
          hidden.add(label);
        }
        changed();
      },
    }, swatch, like === undefined ? label : `${label}, like ${like}`);
    return button;
  });
  const states = chart.spans.filter(({ place }) => place === 'strip');
  const names = [...new Map(states.map(({ label, role }) => [label, role]))];
  const strip = names.map(([label, role]) => h('span', { class: 'legend-entry' }, h('span', { class: `swatch is-strip role-${role}`, 'aria-hidden': 'true' }), label));
  const was: (Node | string)[] =
    before === undefined ? [] : chart.series.some(({ main }) => main === true) ? [h('span', { class: 'swatch is-line role-before', 'aria-hidden': 'true' }), 'before'] : states.length > 0 ? ['lower strip: before'] : [];
  return [...entries, ...strip, ...(was.length > 0 ? [h('span', { class: 'legend-entry' }, ...was)] : [])];
}

/** Stacked bars become cumulative columns, drawn from the tallest; the line of before comes last. */
function dataOf(chart: Chart, before: Chart | undefined, hidden: Set<string>): uPlot.AlignedData {
  const columns: (number | null)[][] = [];
  const total = new Array<number>(chart.xs.length).fill(0);
  for (const { kind, values, label } of chart.series) {
    const seen = hidden.has(label) ? values.map(() => (kind === 'bars' ? 0 : null)) : values;
    if (kind === 'bars') {
      columns.push(seen.map((value, index) => (total[index] = (total[index] ?? 0) + (value ?? 0))));
    } else {
      columns.push([...seen]);
    }
  }
  const order = chart.series.map((_, index) => index).filter((index) => chart.series[index]?.kind === 'bars').reverse();
  const others = chart.series.map((_, index) => index).filter((index) => chart.series[index]?.kind !== 'bars');
  const drawn = [...order, ...others].map((index) => columns[index] ?? []);
  const main = before?.series.find((series) => series.main === true);
  if (before !== undefined && main !== undefined) {
    drawn.unshift(chart.xs.map((x) => valueNear(before.xs, main.values, x)));
  }
  return [chart.xs, ...drawn] as uPlot.AlignedData;
}

function valueNear(xs: readonly number[], values: readonly (number | null)[], x: number): number | null {
  let low = 0;
  let high = xs.length - 1;
  if (high < 0 || x > (xs[high] ?? 0) * 1.02) {
    return null;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? 0) < x) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return values[low] ?? null;
}

function optionsOf(chartNow: () => Chart, beforeNow: () => Chart | undefined, width: number): uPlot.Options {
  const chart = chartNow();
  const before = beforeNow();
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const seriesOf = ({ label, role, kind, main }: Series): uPlot.Series => {
    const stroke = colour(role);
    switch (kind) {
      case 'bars':
        return { label, fill: stroke, width: 0, points: { show: false }, paths: segments };
      case 'points':
        return { label, stroke, paths: () => null, points: { show: true, size: 3.5, width: 0, fill: stroke } };
      default: {
        const dash = DASHES[role];
        return {
          label,
          stroke,
          width: main === true ? 2 : 1.25,
          points: { show: false },
          spanGaps: true,
          ...(main === true && kind === 'step' ? { fill: `${stroke}22` } : {}),
          ...(dash === undefined ? {} : { dash }),
          ...(kind === 'step' && stepped !== undefined ? { paths: stepped } : {}),
        };
      }
    }
  };
  const drawn = [...chart.series.filter(({ kind }) => kind === 'bars').reverse(), ...chart.series.filter(({ kind }) => kind !== 'bars')].map(seriesOf);
  if (before?.series.some(({ main }) => main === true) === true) {
    drawn.unshift({ label: 'before', stroke: colour('before'), width: 1.25, dash: [4, 3], points: { show: false }, spanGaps: true });
  }
  const hasStrip = chart.spans.some(({ place }) => place === 'strip');
  const axis = { stroke: colour('ink'), font: '11px system-ui, sans-serif', grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } };
  const isLog = chart.scale === 'log';
  return {
    width,
    height: HEIGHT,
    padding: [14, 10, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: chart.series.every(({ kind }) => kind === 'points') ? pointsRange : columnsRange(isLog), ...(isLog ? { distr: 3 as const } : {}) },
      y: { range: (_, __, max) => [0, yMax(Math.max(max ?? 0, ...chartNow().marks.filter((mark) => mark.axis === 'y').map(({ at }) => at)))] },
    },
    axes: [
      {
        ...axis,
        size: hasStrip ? 38 + STRIP : 38,
        gap: hasStrip ? 5 + STRIP : 5,
        ...(isLog ? { splits: powerSteps, filter: (_: uPlot, splits: number[]) => splits, values: (_: uPlot, splits: number[]) => splits.map(compact) } : {}),
        ...(chart.series.every(({ kind }) => kind === 'points') ? { incrs: [1, 2, 5, 10, 20] } : {}),
        grid: { show: false },
      },
      { ...axis, size: 46, gap: 4, label: '', values: (_, splits) => splits.map(compact) },
    ],
    series: [{}, ...drawn],
    hooks: {
      drawClear: [
        (plot) => {
          for (const span of chartNow().spans.filter(({ place }) => place === 'back')) {
            drawBack(plot, span);
          }
        },
      ],
      draw: [
        (plot) => {
          const now = chartNow();
          const was = beforeNow()?.spans.filter(({ place }) => place === 'strip') ?? [];
          const strips = now.spans.filter(({ place }) => place === 'strip');
          for (const span of strips) {
            drawStrip(plot, span, 0, was.length > 0 ? 0.6 : 1);
          }
          for (const span of was) {
            drawStrip(plot, span, 0.68, 0.32);
          }
          for (const mark of now.marks) {
            drawMark(plot, mark);
          }
          drawUnits(plot, now);
        },
      ],
    },
  };
}

/** Columns from the top of the series below to its own; columns of data stand from the tallest to the lowest. */
function segments(plot: uPlot, index: number, first: number, last: number): uPlot.Series.Paths {
  const fill = new Path2D();
  const xs = plot.data[0];
  const tops = plot.data[index] ?? [];
  const isLowest = plot.series[index + 1]?.paths !== segments;
  const bottoms = isLowest ? undefined : plot.data[index + 1];
  const pixel = (value: number, scale: 'x' | 'y'): number => Math.round(plot.valToPos(value, scale, true));
  const zero = pixel(0, 'y');
  const edge = (at: number): number => {
    const [x = 0, before, after] = [xs[at], xs[at - 1], xs[at + 1]];
    const position = plot.valToPos(x, 'x', true);
    const next = after === undefined ? position - (before === undefined ? 40 : plot.valToPos(before, 'x', true)) : plot.valToPos(after, 'x', true) - position;
    return Math.round(position + next / 2);
  };
  const { left, width } = plot.bbox;
  for (let at = first; at <= last; at += 1) {
    const top = pixel(tops[at] ?? 0, 'y');
    const bottom = bottoms === undefined ? zero : pixel(bottoms[at] ?? 0, 'y');
    const right = Math.min(left + width, edge(at));
    const start = Math.max(left, at === 0 ? 2 * plot.valToPos(xs[0] ?? 0, 'x', true) - edge(0) : edge(at - 1));
    const gap = right - start > 5 * devicePixelRatio ? Math.round(devicePixelRatio) : 0;
    if (bottom > top && right > start) {
      fill.rect(start, top, right - start - gap, bottom - top);
    }
  }
  return { fill, stroke: null, clip: null, band: null, gaps: null, flags: 0 } as unknown as uPlot.Series.Paths;
}

/** Half a column beyond the middle of the first and of the last. */
function columnsRange(isLog: boolean): (plot: uPlot, min: number | null, max: number | null) => [number, number] {
  return (plot) => {
    const xs = plot.data[0];
    const [first = 0, second = first + 1] = xs;
    const last = xs.at(-1) ?? 1;
    const beforeLast = xs.at(-2) ?? last - 1;
    return isLog ? [first * Math.sqrt(first / second), last * Math.sqrt(last / beforeLast)] : [Math.max(0, first - (second - first) / 2), last + (last - beforeLast) / 2];
  };
}

const pointsRange = (_: uPlot, min: number | null, max: number | null): [number, number] => [Math.min(0.5, min ?? 0.5), Math.max(1.5, Math.ceil((max ?? 1) - 0.5) + 0.5)];

function yMax(max: number): number {
  return max <= 0 ? 1 : max * 1.16;
}

/** 1, 2, 5, 10 and so on, as far as they lie between the ends; only powers of ten where these are far apart. */
function powerSteps(_: uPlot, __: number, min: number, max: number): number[] {
  const factors = Math.log10(max / min) > 3 ? [1] : [1, 2, 5];
  const steps: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power += 1) {
    steps.push(...factors.map((factor) => Number((factor * 10 ** power).toPrecision(1))));
  }
  return steps.filter((step) => step >= min && step <= max);
}

function compact(value: number): string {
  if (Math.abs(value) >= 1_000_000) {
    return `${String(Number((value / 1_000_000).toPrecision(3)))}M`;
  }
  return Math.abs(value) >= 10_000 ? `${String(Number((value / 1000).toPrecision(3)))}k` : String(Number(value.toPrecision(6)));
}

function bounds(plot: uPlot, from: number, to: number): [number, number] {
  const { left, width } = plot.bbox;
  const clamp = (x: number): number => Math.min(left + width, Math.max(left, x));
  return [clamp(plot.valToPos(from, 'x', true)), clamp(plot.valToPos(to, 'x', true))];
}

function drawBack(plot: uPlot, { from, to, label }: Span): void {
  const { ctx, bbox } = plot;
  const [start, end] = bounds(plot, from, to);
  ctx.save();
  ctx.fillStyle = colour('surface');
  ctx.fillRect(start, bbox.top, end - start, bbox.height);
  text(plot, label, start + 6 * devicePixelRatio, bbox.top + 12 * devicePixelRatio);
  ctx.restore();
}

function drawStrip(plot: uPlot, { from, to, role }: Span, offset: number, share: number): void {
  const { ctx, bbox } = plot;
  const [start, end] = bounds(plot, from, to);
  const height = (STRIP - 4) * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colour(role);
  ctx.fillRect(start, bbox.top + bbox.height + 5 * devicePixelRatio + height * offset, Math.max(devicePixelRatio, end - start), height * share);
  ctx.restore();
}

function drawMark(plot: uPlot, { at, label, axis }: Chart['marks'][number]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour('ink');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  if (axis === 'x') {
    const [x] = bounds(plot, at, at);
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    text(plot, label, x + 5 * devicePixelRatio, bbox.top + 12 * devicePixelRatio);
  } else {
    const y = plot.valToPos(at, 'y', true);
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    text(plot, label, bbox.left + bbox.width - 30 * devicePixelRatio, y - 4 * devicePixelRatio);
  }
  ctx.restore();
}

/** What the axes are: above the vertical one, and below the end of the horizontal one. */
function drawUnits(plot: uPlot, { x, y }: Chart): void {
  const { bbox, ctx } = plot;
  text(plot, y, 2 * devicePixelRatio, 9 * devicePixelRatio);
  text(plot, x, bbox.left + bbox.width, ctx.canvas.height - 3 * devicePixelRatio, 'right');
}

function text(plot: uPlot, words: string, x: number, y: number, align: CanvasTextAlign = 'left'): void {
  const { ctx } = plot;
  ctx.save();
  ctx.setLineDash([]);
  ctx.font = `${String(11 * devicePixelRatio)}px system-ui, sans-serif`;
  ctx.fillStyle = colour('ink');
  ctx.textAlign = align;
  ctx.textBaseline = 'alphabetic';
  ctx.fillText(words, x, y);
  ctx.restore();
}
