import { config } from 'zod';

// Before anything else that uses zod: it would try `new Function`, which the page's policy forbids and reports.
config({ jitless: true });
