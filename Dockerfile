# Two images from one file:
#   docker build --target dashboard -t fpp-analytics .
#   docker build --target sync      -t fpp-analytics-sync .
# Debian 13 has OpenSSL 3.5: the database driver's fast half needs 3.2 or later.
ARG PYTHON=python:3.13-slim-trixie

# --- build: uv and the locked packages; nothing of it but .venv is kept ------
FROM ${PYTHON} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock .python-version ./

# The dashboard has no way to the database, not even its driver.
FROM build AS build-dashboard
RUN uv sync --frozen --no-default-groups --no-install-package mysql-connector-python

# The sync job shows no pages.
FROM build AS build-sync
RUN uv sync --frozen --no-default-groups \
    --no-install-package streamlit --no-install-package altair \
    --no-install-package pandas --no-install-package pyarrow \
    --no-install-package pydeck --no-install-package pillow \
    --no-install-package numpy

# --- what both images share --------------------------------------------------
FROM ${PYTHON} AS base
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
USER 10001
HEALTHCHECK --interval=60s --timeout=5s --start-period=30m --retries=3 \
    CMD ["python", "deploy/healthcheck.py", "sync"]
ENTRYPOINT ["python", "sync_job.py"]
CMD ["--every"]
