# Two images from one file:
#   docker build --pull --target dashboard -t fpp-analytics .
#   docker build --pull --target sync      -t fpp-analytics-sync .
# Debian 13 has OpenSSL 3.5: the database driver's fast half needs 3.2 or later. The
# update bot (renovate.json) adds the digest to this line at its first run; a test
# compares the version with .python-version.
ARG PYTHON=python:3.13-slim-trixie

# --- build: uv and the locked packages; nothing of it but .venv is kept ------
FROM ${PYTHON} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
# For strip, and this stage is thrown away: any version of it will do.
# hadolint ignore=DL3008,DL3009
RUN apt-get update && apt-get install --yes --no-install-recommends binutils
# The hashes are those of the wheels for amd64 and arm64 on PyPI.
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN echo uv==0.13.9 \
        --hash=sha256:d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19 \
        --hash=sha256:ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375 \
        --hash=sha256:5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe \
    | pip install --no-cache-dir --require-hashes --requirement /dev/stdin
WORKDIR /app
COPY pyproject.toml uv.lock .python-version ./

# The dashboard has no way to the database, not even its driver. Streamlit installs more
# than it loads: pandas with its helpers, maps, a client, a watcher of source files. Then
# go tests, headers and types, names of countries in other languages, two services of
# Arrow that nothing is linked with, and the symbols of Polars (40 MB).
FROM build AS build-dashboard
RUN uv sync --frozen --no-default-groups --group dashboard \
        --no-install-package pandas --no-install-package python-dateutil \
        --no-install-package six --no-install-package pydeck \
        --no-install-package requests --no-install-package charset-normalizer \
        --no-install-package watchdog \
    && rm .venv/.lock \
    && find .venv/lib -depth \( -name tests -o -name include -o -name '*.py[ix]' \
        -o -name '*.pxd' -o -path '*/pycountry/locales' -o -path '*/streamlit/.agents' \
        -o -name '*arrow_flight*' -o -name '*arrow_s3*' -o -name '_flight*' \
        -o -name '_s3fs*' \) -exec rm -r {} + \
    && find .venv/lib -name '_polars_runtime*.so' -exec strip --strip-unneeded {} +

# The sync job shows no pages. Of the driver's ways to log in, the company-wide ones
# (Kerberos, LDAP, …) stay behind with their libraries.
FROM build AS build-sync
RUN uv sync --frozen --no-default-groups --group sync \
    && rm .venv/.lock \
    && find .venv/lib -depth \( -name tests -o -name include -o -name '*.pyi' \
        -o -path '*/mysql/vendor/private' -o -name 'authentication_*_client.so' \) \
        -exec rm -r {} + \
    && find .venv/lib \( -name '_polars_runtime*.so' -o -name '_mysql_connector*.so' \) \
        -exec strip --strip-unneeded {} +

# --- what both images share --------------------------------------------------
FROM ${PYTHON} AS base
ARG VERSION=1.0.0
LABEL org.opencontainers.image.title=fpp-analytics \
    org.opencontainers.image.licenses=MIT \
    org.opencontainers.image.version=${VERSION}
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    DATA_DIR=/data \
    SENTRY_ENVIRONMENT=production
# pip goes: nothing is installed in a running image.
RUN pip uninstall --yes pip \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin fpp \
    && install --directory --owner=fpp --group=fpp /data /state
WORKDIR /app
COPY deploy/healthcheck.py deploy/
COPY core core
COPY metrics metrics
COPY store store

# --- the dashboard: reads the store, knows no database -----------------------
FROM base AS dashboard
COPY --from=build-dashboard /app/.venv .venv
COPY .streamlit .streamlit
COPY app.py ./
COPY pages pages
COPY ui ui
COPY web web
# Files keep the modes of the clone, which a strict umask closes to other users.
RUN chmod -R a+rX .streamlit -- *
# Without ANALYTICS_SECRET_TOKEN it refuses to start on this address.
ENV STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STATE_DIR=/state
USER 10001
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/healthcheck.py", "dashboard"]
CMD ["streamlit", "run", "app.py"]

# --- the sync job: reads the database, writes the store ----------------------
FROM base AS sync
COPY --from=build-sync /app/.venv .venv
COPY sync_job.py ./
COPY sync sync
RUN chmod -R a+rX -- *
USER 10001
HEALTHCHECK --interval=60s --timeout=5s --start-period=30m --retries=3 \
    CMD ["python", "deploy/healthcheck.py", "sync"]
ENTRYPOINT ["python", "sync_job.py"]
CMD ["--every"]
