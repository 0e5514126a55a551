import './jitless.js';
import 'uplot/dist/uPlot.min.css';
import './style.css';
import { h } from './dom.js';
import { connectHost } from './host.js';
import { Page } from './page.js';
import { HttpServer } from './server.js';
import { StaticServer, carried } from './static.js';

const root = document.querySelector('#app');
if (root !== null) {
  // A document that carries its answers needs nobody. Else, framed, the page is an MCP App and asks its host for everything; alone, it
  // asks the server that it came from.
  const data = carried();
  const host = data !== undefined || window.parent === window ? undefined : connectHost();
  const page = new Page(data === undefined ? (host?.server ?? new HttpServer()) : new StaticServer(data), host);
  root.replaceChildren(page.element);
  page.start().catch((error: unknown) => {
    root.replaceChildren(h('p', { class: 'fatal', role: 'alert' }, error instanceof Error ? error.message : String(error)));
  });
}
