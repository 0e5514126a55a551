import 'uplot/dist/uPlot.min.css';
import './style.css';
import { h } from './dom.js';
import type { connectHost } from './host.js';
import { Page } from './page.js';
import { warmUp } from './runner.js';
import { HttpServer } from './server.js';
import { StaticServer, carried } from './static.js';

// The server puts what speaks with a host into the document that hosts are given, as a script of its own before this one.
declare const CrowVaultHost: { readonly connectHost: typeof connectHost } | undefined;

const root = document.querySelector('#app');
if (root !== null) {
  warmUp();
  // A document that carries its answers needs nobody. Else, framed, the page is an MCP App and asks its host for everything; alone, it
  // asks the server that it came from.
  const data = carried();
  const isFramed = window.parent !== window && typeof CrowVaultHost !== 'undefined';
  const host = data === undefined && isFramed ? CrowVaultHost.connectHost() : undefined;
  const page = new Page(data === undefined ? (host?.server ?? new HttpServer()) : new StaticServer(data), host);
  root.replaceChildren(page.element);
  page.start().catch((error: unknown) => {
    root.replaceChildren(h('p', { class: 'fatal', role: 'alert' }, error instanceof Error ? error.message : String(error)));
  });
}
