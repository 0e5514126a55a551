import type { Arguments } from './schema.js';

/** What a link holds, and the history with it. */
export interface LinkState {
  /** Name of a tool, or `stack`. */
  readonly tool: string;
  /** The arguments, or the manifest. */
  readonly args: Arguments;
  /** Settings of the simulated world. */
  readonly world: Arguments;
  /** The arguments to compare with. */
  readonly before: Arguments | undefined;
}

/** A manifest of 200 upstreams with what it is compared with is shorter, and browsers take more. */
const LONGEST = 262_144;

/** Deeper than what any server takes. */
const DEEPEST = 64;

/** Whether a link is one that can be read again. */
export function isReadable(hash: string): boolean {
  return hash.length <= LONGEST;
}

/** `#/generate_retry_policy?args={"maxRetries":7}`, each part only where it says something. */
export function writeLink({ tool, args, world, before }: LinkState): string {
  const parts = Object.entries({ args, world, before })
    .filter(([name, value]) => value !== undefined && (name === 'before' || Object.keys(value).length > 0))
    .map(([name, value]) => `${name}=${encodeURIComponent(JSON.stringify(value))}`);
  return `#/${tool}${parts.length === 0 ? '' : `?${parts.join('&')}`}`;
}

/**
 * Reads what anybody may have written: what is no state is left out and makes the link damaged, and the server judges the arguments.
 */
export function readLink(hash: string): Partial<LinkState> & { readonly isDamaged?: boolean } {
  if (!isReadable(hash)) {
    return { isDamaged: true };
  }
  let isDamaged = false;
  const [tool = '', query = ''] = splitOnce(hash.replace(/^#\/?/u, ''), '?');
  const parts = new Map(query.split('&').map((part) => splitOnce(part, '=')));
  const object = (name: string): Arguments | undefined => {
    const text = parts.get(name);
    if (text === undefined) {
      return undefined;
    }
    try {
      const value: unknown = JSON.parse(decodeURIComponent(text));
      if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isDeeper(value, DEEPEST)) {
        return value as Arguments;
      }
    } catch {
      // Cut off, or never a link of this page.
    }
    isDamaged = true;
    return undefined;
  };
  const state = { tool, args: object('args') ?? {}, world: object('world') ?? {}, before: object('before') };
  return { ...state, isDamaged };
}

function isDeeper(value: unknown, levels: number): boolean {
  return typeof value === 'object' && value !== null && (levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1)));
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
