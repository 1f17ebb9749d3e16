/** The arrows of the architecture: folder -> what it may import. Everything not named here is refused. */
const arrows = {
  '^cli/': [
    '^cli/',
    '^workflows/(messages|options|steer-category)\\.ts$',
    '^activities/((clean-up/)?contract|allowed-hours)\\.ts$',
    '^engine/(postgres|storage)/',
    '^engine/errors\\.ts$',
    '^config/',
  ],
  '^workflows/': ['^workflows/', '^activities/(clean-up/)?contract\\.ts$'],
  '^activities/': ['^activities/', '^engine/', '^config/'],
  '^workers/': ['^workers/', '^workflows/', '^activities/', '^engine/', '^config/'],
  '^engine/rows/': ['^engine/rows/', '^engine/errors\\.ts$'],
  '^engine/sqlserver/': [
    '^engine/sqlserver/',
    '^engine/(rows|validation)/',
    '^engine/(errors|sql-files)\\.ts$',
  ],
  '^engine/postgres/': [
    '^engine/postgres/',
    '^engine/(rows|validation|plan)/',
    '^engine/(errors|sql-files)\\.ts$',
    '^config/run-config\\.ts$',
  ],
  '^engine/storage/': ['^engine/storage/', '^engine/rows/', '^engine/(errors|aws-credentials)\\.ts$'],
  '^engine/transform/': ['^engine/transform/', '^engine/(storage|rows|validation)/', '^engine/errors\\.ts$'],
  '^engine/glue/': [
    '^engine/glue/',
    '^engine/(transform|sqlserver|storage|rows)/',
    '^engine/(errors|aws-credentials)\\.ts$',
  ],
  '^engine/validation/': ['^engine/validation/', '^engine/rows/', '^engine/errors\\.ts$'],
  '^engine/plan/': ['^engine/plan/', '^engine/rows/', '^engine/errors\\.ts$', '^config/run-config\\.ts$'],
  '^config/': ['^config/', '^engine/rows/', '^engine/(errors|aws-credentials)\\.ts$'],
  // The deployment repeats nothing that the product has a name for.
  '^deploy/': [
    '^deploy/',
    '^config/schema/',
    '^activities/log-lines\\.ts$',
    '^engine/glue/(job-names|job-request)\\.ts$',
    '^engine/storage/keys\\.ts$',
    '^workers/backlog\\.ts$',
  ],
  '^sandbox/': ['^sandbox/'],
};

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...Object.entries(arrows).map(([from, allowed]) => ({
      name: `arrows-of-${from.replace(/[^a-z/]/g, '')}`,
      severity: 'error',
      from: { path: from },
      to: {
        path: '^(activities|bench|cli|config|deploy|engine|sandbox|test|workers|workflows)/',
        pathNot: allowed,
      },
    })),
    {
      name: 'workflows-do-no-io',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
