# The image: one static binary on an empty root, run by an ordinary user.
#
# It needs no writable place but /data, no capability and no shell:
#   docker build -t millrace .
#   docker run --rm --read-only --cap-drop ALL -p 127.0.0.1:4567:4567 -v millrace:/data millrace

FROM debian:bookworm-slim AS build
WORKDIR /src
# The packages are a layer of their own: only a changed ./dev installs them again.
COPY dev ./
RUN ./dev deps
COPY . .
RUN ./dev build && docker/image-files build/release/millrace /image

FROM scratch
ARG VERSION=dev
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="millrace" \
      org.opencontainers.image.description="A Kinesis-compatible server in one static binary" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.source="$SOURCE"
COPY --from=build /image/files/ /
# Copies the content of the folder, which is the empty directory data: unlike a directory that COPY
# itself makes, it gets the owner from --chown with every builder.
COPY --from=build --chown=65532:65532 /image/data/ /

USER 65532:65532
ENV MILLRACE_LISTEN=0.0.0.0,:: \
    MILLRACE_DATA_DIR=/data \
    MILLRACE_READY_FILE=/dev/shm/millrace.json
EXPOSE 4567
ENTRYPOINT ["/usr/bin/millrace"]
CMD ["serve"]
HEALTHCHECK --interval=2s --timeout=2s --start-period=10s --retries=5 CMD ["/usr/bin/millrace", "health"]
