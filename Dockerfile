# syntax=docker/dockerfile:1
# The program is JavaScript in a few files: it is built once, on the builder's own platform, for every target platform.
#   docker buildx build --platform linux/amd64,linux/arm64 --tag qnib/metahub .
# A release pins what it is built on by digest: docker buildx build $(npm run --silent base-images) --tag qnib/metahub .
ARG BUILD_IMAGE=docker.io/library/node:24-trixie-slim
# Node.js, the C library, certificate authorities, and nothing else: no shell, no package manager; user 65532.
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /src
# Dependencies first: they change less often than the sources.
COPY package.json package-lock.json ./
# The npm package `node` is for machines whose Node.js is too old; this image's is right.
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/build.ts scripts/bundle.ts scripts/console-bundle.ts scripts/
COPY src src
# Not `npm run build`, which first makes sure of the dependencies in a checkout.
RUN node scripts/build.ts && node dist/metahub.mjs --help >/dev/null

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="MetaHub" \
  org.opencontainers.image.description="One image name, and every machine of the cluster runs the build that fits it" \
  org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /metahub
COPY --from=build /src/dist/ /metahub/
# Its own licence, and those of what it carries.
COPY LICENSE NOTICE /metahub/
# Nothing is written at run time: the root file system may be read-only.
ENV NODE_ENV=production NODE_DISABLE_COMPILE_CACHE=1
USER 65532:65532
EXPOSE 8443 8081
ENTRYPOINT ["/nodejs/bin/node", "/metahub/metahub.mjs"]
CMD ["--help"]
