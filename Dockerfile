# syntax=docker/dockerfile:1

# Debian, not Alpine: Temporal's core and DuckDB ship binaries for glibc.
FROM node:20-slim AS base
WORKDIR /app
ENV npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false

# Install scripts stay off: they only fetch databases for the tests.
FROM base AS build
COPY package.json package-lock.json ./
# Not npm ci: see the Makefile.
RUN npm install --no-save --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY activities activities
COPY cli cli
COPY config config
COPY engine engine
COPY workers workers
COPY workflows workflows
RUN npm run build
# Workflow code is bundled once here instead of at every start of a worker.
RUN node -e "require('@temporalio/worker') \
  .bundleWorkflowCode({ workflowsPath: require.resolve('./dist/workflows/index') }) \
  .then(({ code }) => require('node:fs').writeFileSync('dist/workflow-bundle.js', code))"

FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm install --no-save --omit=dev --ignore-scripts && npm cache clean --force

FROM base
# Public authorities, for S3 and for a Temporal that speaks TLS; the slim image has none.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && install --directory --owner=node --group=node /var/lib/migrate
ENV NODE_ENV=production SPILL_DIR=/var/lib/migrate
# Authorities of RDS and Aurora, for RDS_CA_FILE; the public ones do not vouch for them.
ADD --chmod=644 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /etc/ssl/rds/global-bundle.pem
COPY package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY sql sql
# The sample configuration; mount your own over /app/config (and transforms over /app/sql/transform).
COPY config/server-mappings.json config/
COPY config/categories config/categories
COPY config/migration-parameters config/migration-parameters
COPY config/schemas config/schemas
# The only places that are written to: what runs the image read-only gives them volumes, with the owners of here.
VOLUME ["/tmp", "/var/lib/migrate"]
USER node
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 CMD ["node", "dist/workers/health.js"]
CMD ["node", "dist/workers/main.js"]
