// The same call through an upstream, which wires the four layers of one service: what the wiring adds.
import { cockatielCall, emitted, stackCall, warm, work } from './stack.shared.mjs';

export const title = 'Upstreams: a call that succeeds, through all four layers';
export const unit = 'call';
export const operations = 1;
export const bounds = [
  { column: 'emitted, upstreams', against: 'cockatiel', most: 0.35 },
  { column: 'emitted, upstreams', against: 'emitted, the stack alone', most: 1.3 },
];
export const columns = {
  'bare await': { setup: () => work },
  'emitted, upstreams': {
    setup: async () => {
      const { upstreams } = await (await emitted('upstreams'))('upstreams');
      return warm(() => upstreams.orders.call('orders.get', work));
    },
  },
  'emitted, the stack alone': { setup: async () => warm(await stackCall('upstreams-stack')) },
  cockatiel: { setup: async () => warm(await cockatielCall()) },
};
