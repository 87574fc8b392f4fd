# The service, and the commands "rowhouse migrate" and "rowhouse tenant": docs/deployment.md
FROM oven/bun:1.4.5-slim AS build
WORKDIR /app
COPY package.json bun.lock ./
# Without PGlite, which `bun run up` and "rowhouse check" use.
RUN bun install --production --frozen-lockfile --ignore-scripts && rm -rf node_modules/@electric-sql
COPY rowhouse.config.ts ./
COPY db db
COPY drizzle drizzle
COPY sql sql
COPY src src
# In a clone made with umask 077, only root could read the files.
RUN chmod -R go=rX .

FROM oven/bun:1.4.5-slim
WORKDIR /app
COPY --from=build /app ./
# The memory settings are those of `bun start`.
ENV NODE_ENV=production BUN_JSC_forceRAMSize=4294967296 BUN_JSC_smallHeapGrowthFactor=1.7
# As numbers, so that Kubernetes can check runAsNonRoot.
USER 65532:65532
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["bun", "src/runtime/healthcheck.ts"]
CMD ["bun", "src/runtime/bun.ts"]
