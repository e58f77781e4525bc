import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Imports run one way: controller → runbooks → replicator → regions → kernel. */
const layers = ['kernel', 'regions', 'replicator', 'runbooks', 'controller'];

/** Ambient time, chance and environment are injected, so that tests decide them. */
const ambient = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Take the time from the injected Clock.',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Take the time from the injected Clock.',
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'Take chance from the injected Random.',
  },
  {
    selector: 'CallExpression[callee.name=/^(setTimeout|setInterval)$/]',
    message: 'Wait through the injected Clock.',
  },
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'Only the composition root reads the environment.',
  },
];

export default defineConfig(
  { ignores: ['node_modules/', 'dist/', '.farshore/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  ...layers.map((layer, level) => ({
    files: [`${layer}/**/*.ts`],
    rules: {
      'no-restricted-syntax': ['error', ...ambient],
      'no-restricted-imports': [
        'error',
        {
          patterns: layers.slice(level + 1).map((above) => ({
            group: [`**/${above}/**`],
            message: `${layer}/ may not import from ${above}/.`,
          })),
        },
      ],
    },
  })),
  {
    // The adapters: the one place where each ambient thing is touched.
    files: ['kernel/clock.ts', 'kernel/random.ts', 'controller/cli/**', 'controller/compose/**'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['controller/cli/**', 'test/**', 'dashboards/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.js'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'max-lines-per-function': 'off',
    },
  },
);
