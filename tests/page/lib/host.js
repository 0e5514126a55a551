// The reference host of MCP Apps, with one app in a sandboxed frame. What it hears from the app goes to the test.
import { AppBridge, PostMessageTransport } from '@modelcontextprotocol/ext-apps/app-bridge';

window.openApp = async (html, { tool, args, theme, capabilities, deaf, answer, order = ['input', 'result'], width = 1000, proxy }) => {
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-scripts allow-same-origin');
  frame.style.cssText = `width: ${String(width)}px; height: 900px; border: 0`;
  document.body.append(frame);
  const bridge = new AppBridge(
    null,
    { name: 'test-host', version: '1.0.0' },
    { serverTools: {}, ...capabilities },
    {
      // Not every host says which tool was called.
      hostContext: { theme, ...(answer === undefined ? { toolInfo: { tool: { name: tool, inputSchema: { type: 'object' } } } } : {}) },
    },
  );
  bridge.oncalltool = (params) => window.callTool(params);
  if (!deaf) {
    bridge.onmessage = async (params) => {
      await window.heard('message', params);
      return {};
    };
  }
  bridge.onupdatemodelcontext = async (params) => {
    await window.heard('context', params);
    return {};
  };
  const initialized = new Promise((resolve) => {
    bridge.oninitialized = resolve;
  });
  if (proxy !== undefined) {
    // A frame of another origin, which writes the app into a frame of its own and hands messages on.
    bridge.onsizechange = ({ height }) => {
      frame.style.height = `${String(height)}px`;
    };
    const ready = new Promise((resolve) => {
      window.addEventListener('message', ({ source, data }) => {
        if (source === frame.contentWindow && data?.method === 'ui/notifications/sandbox-proxy-ready') resolve();
      });
    });
    frame.src = proxy;
    await ready;
  }
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  if (proxy === undefined) frame.srcdoc = html;
  else await bridge.sendSandboxResourceReady({ html });
  await initialized;
  for (const kind of order) {
    if (kind === 'input') await bridge.sendToolInput({ arguments: args });
    if (kind === 'result' && answer !== undefined) await bridge.sendToolResult(answer);
    if (kind === 'cancelled') await bridge.sendToolCancelled({ reason: 'The person stopped it.' });
  }
  window.endApp = () => bridge.teardownResource({});
};
