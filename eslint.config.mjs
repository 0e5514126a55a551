// The scripts of this repository: tests, their helpers and what makes a release. Emitted code has its own, stricter checks in tests/generated.
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';

export default defineConfig([
  globalIgnores(['**/.emitted/', '**/.stryker-tmp/', '**/bin/', '**/obj/', 'artifacts/', 'src/', 'snapshots/', '**/*.ts', '**/*.js']),
  {
    files: ['**/*.mjs'],
    extends: [js.configs.recommended],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { ecmaVersion: 'latest', sourceType: 'module', globals: globals.node },
    rules: {
      eqeqeq: 'error',
      'no-control-regex': 'off', // tests look for control characters in what a program prints
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    // Functions of these run in the page that is tested.
    files: ['tests/page/**/*.mjs'],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
]);
