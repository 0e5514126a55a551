/** What `h` takes beside an element's children: attributes, `on...` listeners and properties by name. */
export type Attributes = Record<string, string | number | boolean | undefined | ((event: Event) => void)>;

export type Child = Node | string | undefined | false;

/**
 * Makes an element. Text goes in as text nodes and attributes by `setAttribute`, never as markup, so nothing that a link or an
 * argument says can become an element.
 */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) {
      continue;
    }
    if (typeof value === 'function') {
      element.addEventListener(key.slice(2), value);
    } else {
      element.setAttribute(key, value === true ? '' : String(value));
    }
  }
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return element;
}

/** An icon of one path, on a canvas of 24 by 24. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('icon');
  const shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}

/** Whether a text is on the clipboard now, which some frames, and pages over plain HTTP from another machine, may not write. */
export async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

let ids = 0;

/** An id that no other element has. */
export function freshId(prefix: string): string {
  ids += 1;
  return `${prefix}-${String(ids)}`;
}
