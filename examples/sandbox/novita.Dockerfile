# Novita's template with pailfs: the line that installs s3fs is changed, and `sudo s3fs ...` in the program stays as it is.
# The packages come from scripts/package, or from a release.
FROM ubuntu:24.04

COPY pailfs_*.deb pailfs-s3fs_*.deb /tmp/
RUN DEBIAN_FRONTEND=noninteractive apt-get update && apt-get install -y /tmp/pailfs*.deb
