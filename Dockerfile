# SPDX-License-Identifier: Apache-2.0
#
#   docker build -t pailfs .                  the slim image with pailfs
#   docker build --target test .              builds and runs the tests that need neither a mount nor a real server
#
# A mount needs the FUSE device and the right to mount:
#   docker run --rm -it --device /dev/fuse --cap-add SYS_ADMIN --security-opt apparmor=unconfined \
#     -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY \
#     --mount type=bind,source=/srv/bucket,target=/mnt/bucket,bind-propagation=rshared \
#     pailfs BUCKET /mnt/bucket -f -o url=https://s3.example.com,allow_other

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY scripts scripts
RUN scripts/install-dependencies build \
 && apt-get update && apt-get install -y --no-install-recommends dpkg-dev && rm -rf /var/lib/apt/lists/*
COPY . .
RUN scripts/package deb --into /out

FROM build AS test
RUN rm -rf build && scripts/test --quick

FROM debian:bookworm-slim AS runtime
COPY --from=build /out/ /packages/
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates /packages/pailfs_*.deb \
 && rm -rf /var/lib/apt/lists/* /packages
ENTRYPOINT ["pailfs"]
