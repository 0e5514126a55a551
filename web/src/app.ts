// What an MCP App has beside the page: the way to its host. Most of it is the protocol's own library.
import './jitless.js';

export { connectHost } from './host.js';
