// Both of typescript-eslint's strictest sets, no rule off.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig({
  files: ['**/*.ts'],
  extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
  linterOptions: { reportUnusedDisableDirectives: 'error', noInlineConfig: true },
  languageOptions: {
    parserOptions: {
      project: process.env.CROWVAULT_LINT_PROJECT,
      tsconfigRootDir: import.meta.dirname,
    },
  },
});
