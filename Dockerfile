# The image: one static binary on an empty root, run by an ordinary user.
#
# It needs no writable place but the volume /data, no capability and no shell:
#   docker build -t millrace .
#   docker run --read-only --cap-drop ALL -p 127.0.0.1:4567:4567 -v millrace:/data millrace

FROM debian:bookworm-slim AS build
WORKDIR /src
# The packages are a layer of their own: only a changed ./dev installs them again.
COPY dev ./
RUN ./dev deps
COPY . .
RUN ./dev build

# What is linked into the binary wants its licences passed on with it; NOTICE lists the parts.
RUN mkdir -p /image/licenses && cp LICENSE NOTICE /image/licenses/ \
 && cp /usr/share/common-licenses/LGPL-2.1 /usr/share/common-licenses/GPL-3 /image/licenses/ \
 && for package in librocksdb-dev libnghttp2-dev libssl-dev libboost1.81-dev nlohmann-json3-dev \
        libspdlog-dev libfmt-dev libcli11-dev zlib1g-dev liblz4-dev libzstd-dev libsnappy-dev \
        libbz2-1.0 libc6-dev gcc-12-base; do \
      cp "/usr/share/doc/$package/copyright" "/image/licenses/$package" || exit 1; \
    done \
 && chmod 644 /image/licenses/*

RUN mkdir -p -m 700 /image/volume/data

FROM scratch
ARG VERSION=dev
LABEL org.opencontainers.image.title="millrace" \
      org.opencontainers.image.description="A Kinesis-compatible server in one static binary" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /src/build/release/millrace /millrace
COPY --from=build /image/licenses /licenses
# Copies the content of the folder, which is the empty directory data: unlike a directory that COPY
# itself makes, it gets the owner from --chown with every builder.
COPY --from=build --chown=65532:65532 /image/volume/ /

USER 65532:65532
ENV MILLRACE_DATA_DIR=/data
VOLUME /data
EXPOSE 4567
ENTRYPOINT ["/millrace"]
CMD ["serve", "--listen", "0.0.0.0", "--data-dir", "/data"]
HEALTHCHECK --interval=2s --timeout=2s --start-period=10s --retries=5 CMD ["/millrace", "health"]
