// Loaded before a service: counts the requests that its process accepts and answers, and prints both when it ends.
import diagnostics from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';

let accepted = 0;
let answered = 0;
diagnostics.subscribe('http.server.request.start', () => accepted++);
diagnostics.subscribe('http.server.response.finish', () => answered++);
process.once('exit', () => writeSync(1, `Counted ${JSON.stringify({ accepted, answered })}\n`));
