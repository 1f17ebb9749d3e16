const transform = {
  '^.+\\.tsx?$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }],
};
const base = { testEnvironment: 'node', transform, moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' } };
const project = (name) => ({
  ...base,
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
});

module.exports = {
  projects: ['unit', 'integration', 'replay', 'drill'].map(project),
  maxWorkers: 2,
  testTimeout: 60_000,
};
