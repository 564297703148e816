# Tidemill as an image: built in one stage, run in another that has no compiler, as an ordinary user.
#
#   docker build -t tidemill .
#   docker run --rm -v tidemill:/data -v "$PWD/pipelines":/pipelines:ro tidemill run /pipelines/orders-queue.yaml --data /data
#
# Without BuildKit as well; TIDEMILL_JOBS bounds how many compilers run at a time.
FROM debian:bookworm-slim AS build
ARG TIDEMILL_JOBS=
WORKDIR /src
COPY scripts/packages scripts/packages
RUN scripts/packages build
COPY . .
RUN scripts/build && cmake --install build/release --prefix /usr/local --component runtime --strip
RUN scripts/runtime_packages /usr/local/bin/tidemill /usr/local/lib/tidemill/plugins/*.so \
    >/runtime-packages

FROM debian:bookworm-slim
COPY --from=build /runtime-packages /runtime-packages
RUN apt-get update && xargs apt-get install --yes --no-install-recommends </runtime-packages \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --no-create-home tidemill \
    && install -d -o tidemill -m 700 /data
COPY --from=build /usr/local/bin/tidemill /usr/local/bin/tidemill
COPY --from=build /usr/local/lib/tidemill /usr/local/lib/tidemill
USER tidemill
WORKDIR /data
HEALTHCHECK --interval=5s --timeout=6s --start-period=30s --retries=3 \
    CMD ["tidemill", "healthcheck", "--data", "/data"]
ENTRYPOINT ["tidemill"]
CMD ["--help"]
