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

const LONGEST = 32_768;

/** `#/generate_retry_policy?args={"maxRetries":7}`, each part only where it says something. */
export function writeLink({ tool, args, world, before }: LinkState): string {
  const parts = Object.entries({ args, world, before })
    .filter(([name, value]) => value !== undefined && (name === 'before' || Object.keys(value).length > 0))
    .map(([name, value]) => `${name}=${encodeURIComponent(JSON.stringify(value))}`);
  return `#/${tool}${parts.length === 0 ? '' : `?${parts.join('&')}`}`;
}

/** Reads what anybody may have written: what is no state is left out, and the server judges the arguments. */
export function readLink(hash: string): Partial<LinkState> {
  if (hash.length > LONGEST) {
    return {};
  }
  const [tool = '', query = ''] = splitOnce(hash.replace(/^#\/?/u, ''), '?');
  const parts = new Map(query.split('&').map((part) => splitOnce(part, '=')));
  const object = (name: string): Arguments | undefined => {
    try {
      const value: unknown = JSON.parse(decodeURIComponent(parts.get(name) ?? ''));
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Arguments) : undefined;
    } catch {
      return undefined;
    }
  };
  return { tool, args: object('args') ?? {}, world: object('world') ?? {}, before: object('before') };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
