# The `kg` command with everything it needs: extractors, embedded store, browser interface. docs/deployment.md says how to use it.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/kg-builder
# The dependencies first: this layer stays while only our own code changes.
COPY requirements/core.lock requirements/core.lock
RUN /opt/kg-builder/bin/pip install --require-hashes -r requirements/core.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY data/sample data/sample
COPY finetune finetune
COPY ui ui
COPY kg_builder kg_builder
RUN /opt/kg-builder/bin/pip install --no-deps .

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 kg \
    && useradd --uid 10001 --gid 10001 --create-home kg \
    && install --directory --owner=kg --group=kg /data
COPY --from=build /opt/kg-builder /opt/kg-builder
ENV PATH=/opt/kg-builder/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    KG_STORE=embedded:/data/graph KGUI_WORKSPACE=/data/ui KGUI_ROOTS=/documents
USER 10001:10001
WORKDIR /home/kg
VOLUME /data
EXPOSE 8501
ENTRYPOINT ["kg"]
CMD ["ui", "--address", "0.0.0.0", "--port", "8501"]
