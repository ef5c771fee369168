# The exporter, which is the default target, and the demo's parts for docker-compose.yml.
FROM python:3.13.16-slim-trixie@sha256:bf44cdfcb76cd3b41e879bc058fc37ec5872002ccfde7fcb765e218cde0cd79c AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY scripts/requirements.txt scripts/requirements-build.txt scripts/
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes -r scripts/requirements-build.txt \
    && python -m venv /opt/store-exporter \
    && /opt/store-exporter/bin/pip install --require-hashes -r scripts/requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY scripts/metadata.py scripts/metadata.py
COPY exporter exporter
COPY grafana/dashboards grafana/dashboards
# Without isolation, or pip would fetch the newest of what builds it, unchecked.
RUN /opt/build/bin/pip wheel --no-build-isolation --no-deps --wheel-dir /opt/wheels . \
    && /opt/store-exporter/bin/pip install --no-index --no-deps /opt/wheels/*.whl

FROM python:3.13.16-slim-trixie@sha256:bf44cdfcb76cd3b41e879bc058fc37ec5872002ccfde7fcb765e218cde0cd79c AS runtime
ENV PATH=/opt/store-exporter/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=build /opt/store-exporter /opt/store-exporter
# A volume mounted here takes over the owner.
RUN install -d -o 65532 -g 65532 /var/lib/store-exporter
USER 65532:65532
WORKDIR /var/lib/store-exporter

# The simulated stores, shoppers and Slack receiver: `docker build --target demo`.
FROM runtime AS demo
ENV PYTHONPATH=/opt/store-demo
COPY exporter/store_demo /opt/store-demo/store_demo
ENTRYPOINT ["python", "-m", "store_demo"]

FROM runtime AS exporter
ARG VERSION=unknown
LABEL org.opencontainers.image.title="store-exporter" \
      org.opencontainers.image.description="Metrics of online stores, and of the operations run against them" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13.16-slim-trixie" \
      org.opencontainers.image.base.digest="sha256:bf44cdfcb76cd3b41e879bc058fc37ec5872002ccfde7fcb765e218cde0cd79c"
EXPOSE 10847
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["store-exporter", "healthcheck"]
ENTRYPOINT ["store-exporter"]
CMD ["serve", "--config.file=/etc/store-exporter/store-exporter.yml", "--web.listen-address=0.0.0.0:10847"]
