# Two images from one file:
#   docker build --pull --target dashboard -t fpp-analytics .
#   docker build --pull --target sync      -t fpp-analytics-sync .
# Debian 13 has OpenSSL 3.5: the database driver's fast half needs 3.2 or later. The
# update bot (renovate.json) pins this line and the one of uv to digests; a test
# compares the version with .python-version.
ARG PYTHON=python:3.13-slim-trixie

# --- build: uv and the locked packages; nothing of it but .venv is kept ------
FROM ${PYTHON} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock .python-version ./

# The dashboard has no way to the database, not even its driver. Streamlit asks for
# pydeck for one kind of map that no page shows; tests and C headers are for builders.
FROM build AS build-dashboard
RUN uv sync --frozen --no-default-groups --group dashboard --no-install-package pydeck \
    && rm .venv/.lock \
    && find .venv/lib -depth -type d \( -name tests -o -name include \) \
        -exec rm -r {} +

# The sync job shows no pages.
FROM build AS build-sync
RUN uv sync --frozen --no-default-groups --group sync \
    && rm .venv/.lock \
    && find .venv/lib -depth -type d \( -name tests -o -name include \) \
        -exec rm -r {} +

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
