# Sufy's template with pailfs: the two lines that install s3fs are changed, everything else of Sufy's guide stays as it is.
# The packages come from scripts/package, or from a release.
FROM e2b/base:latest

# Install pailfs, under the name of s3fs too
COPY pailfs_*.deb pailfs-s3fs_*.deb /tmp/
RUN DEBIAN_FRONTEND=noninteractive apt-get update && apt-get install -y /tmp/pailfs*.deb && rm -rf /var/lib/apt/lists/*

# Enable user_allow_other to allow non-root users to use the -o allow_other mount option
RUN sed -i 's/#user_allow_other/user_allow_other/' /etc/fuse.conf

# Pre-create the mount directory and assign ownership to the default user
RUN mkdir -p /mnt/bucket && chown user:user /mnt/bucket
