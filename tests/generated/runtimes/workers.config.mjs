// Vitest inside workerd. CROWVAULT_INCLUDE holds the globs, relative to the workspace.
import { cloudflareTest } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';
import { shared } from './shared.mjs';

export default defineConfig({
  ...shared,
  plugins: [...shared.plugins, cloudflareTest({ miniflare: { compatibilityDate: '2026-01-01', compatibilityFlags: [] } })],
});
